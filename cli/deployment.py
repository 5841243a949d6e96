"""What is written down of a deployment: its settings, where its past ends, its jobs. One file per stack.

<home>/deployment.json    {namespace: {settings, live_from, history_from, epoch, jobs}}
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from cli import exits
from connectors.settings import SettingError, Settings, from_environment
from local_stack.addresses import ROOT, Addresses, load
from udfs.time import Millis


class SubmittedJob(msgspec.Struct, frozen=True):
    """A job as it was last submitted: from where, if not from the beginning, and the savepoint it was stopped at.

    `format` is that of its state, None if nobody wrote it down.
    `write_after` and `caught_up_at` (ms) are said again when it goes on from its state, for it may not be there yet.
    """

    id: str
    savepoint: str | None = None
    started_from: str | None = None
    config: str = str(ROOT / "config")
    format: int | None = None
    write_after: Millis | None = None
    caught_up_at: Millis | None = None


class Deployment(msgspec.Struct, frozen=True):
    """`settings` are TIDEMARK_ variables as at the last submission; times are ms, None before the first."""

    settings: dict[str, str] = {}
    live_from: Millis | None = None
    history_from: Millis | None = None
    epoch: int = 0
    jobs: dict[str, SubmittedJob] = {}


_FOR_ALL = msgspec.json.Decoder(dict[str, Deployment])


def read_deployment(home: Path, namespace: str) -> Deployment:
    """What is written down of a namespace; an empty one before its first submission."""
    return _read(home).get(namespace, Deployment())


def update_deployment(home: Path, namespace: str, change: Callable[[Deployment], Deployment]) -> None:
    """Write down what `change` makes of it, leaving other namespaces and those who write at the same time in peace."""
    path = home / "deployment.json"
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        everything = _read(home)
        everything[namespace] = change(everything.get(namespace, Deployment()))
        fresh = path.with_suffix(".new")
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(everything)))
        fresh.replace(path)


def here() -> tuple[Addresses, Settings, Deployment]:
    """The stack that the command line talks to, with the settings of its deployment; the environment overrides."""
    addresses = load()
    deployment = read_deployment(addresses.home, os.environ.get("TIDEMARK_NAMESPACE", ""))
    try:
        settings = from_environment({**deployment.settings, **addresses.environment(), **os.environ})
    except SettingError as error:
        exits.fail(str(error), exits.INPUT)
    return addresses, settings, deployment


def _read(home: Path) -> dict[str, Deployment]:
    path = home / "deployment.json"
    return _FOR_ALL.decode(path.read_bytes()) if path.is_file() else {}
