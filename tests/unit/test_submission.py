"""Where a job goes on from: its savepoint, its newest checkpoint, or where it was itself resumed from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import typer

from cli.deployment import Deployment, SubmittedJob
from cli.submission import Wish, _restore_path
from local_stack.addresses import Addresses, of_ports

PORTS = dict.fromkeys(("kafka", "valkey", "flink", "render", "smtp", "metrics"), 1)
LATEST = Wish("campaigns", restore="latest")


def at(home: Path) -> Addresses:
    return of_ports(home, PORTS)


def submitted(savepoint: str | None = None, started_from: str | None = None) -> Deployment:
    return Deployment(jobs={"campaigns": SubmittedJob("j1", savepoint, started_from)})


def checkpoint(home: Path, number: int, written: int) -> str:
    folder = home / "flink" / "checkpoints" / "j1" / f"chk-{number}"
    folder.mkdir(parents=True)
    (folder / "_metadata").touch()
    os.utime(folder / "_metadata", (written, written))
    return str(folder)


def test_a_job_that_was_stopped_at_a_savepoint_goes_on_there(tmp_path: Path) -> None:
    """A savepoint is the last thing that a job writes."""
    checkpoint(tmp_path, 7, 100)
    assert _restore_path(LATEST, at(tmp_path), submitted(savepoint="file:/s")) == "file:/s"


def test_else_it_goes_on_from_its_newest_checkpoint(tmp_path: Path) -> None:
    """By when it was written, not by name: 10 comes after 9."""
    checkpoint(tmp_path, 9, 100)
    newest = checkpoint(tmp_path, 10, 200)
    assert _restore_path(LATEST, at(tmp_path), submitted(started_from="file:/s")) == newest


def test_a_resumed_job_that_wrote_nothing_goes_on_from_where_it_was_resumed(tmp_path: Path) -> None:
    """To begin again instead would write all its decisions a second time."""
    assert _restore_path(LATEST, at(tmp_path), submitted(started_from="file:/s")) == "file:/s"


def test_a_job_that_wrote_nothing_and_began_at_the_beginning_cannot_go_on(tmp_path: Path) -> None:
    """Then there is nothing to go on from, and the sentence says so."""
    with pytest.raises(typer.Exit):
        _restore_path(LATEST, at(tmp_path), submitted())
