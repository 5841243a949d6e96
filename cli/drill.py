"""drill: break a local stack on purpose, and compare what it has decided with what it should have."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli import exits

if TYPE_CHECKING:
    from local_stack.addresses import Addresses
    from local_stack.drills.report import Report

HOME = "drill"


def register(app: typer.Typer) -> None:
    app.command()(drill)


def say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def drill(
    name: str = typer.Argument(metavar="NAME|list|all", help="Which one; `list` shows them."),
    seed: int = typer.Option(None, "--seed", help="Of the events and of the moments; without it a new one."),
    moments: int = typer.Option(3, "--moments", min=1, help="How often each thing is broken."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Break a stack of its own in a named way and check that nothing is lost or doubled; nothing is left running."""
    from local_stack.drills.catalogue import DRILLS, run

    if name == "list":
        shown = {known.name: known.breaks for known in DRILLS.values()}
        typer.echo(json.dumps(shown) if as_json else "\n".join(f"{known:<10} {does}" for known, does in shown.items()))
        return
    if name != "all" and name not in DRILLS:
        exits.fail(f"There is no drill {name!r}. There are: {', '.join(DRILLS)}, and all.", exits.NOT_FOUND)
    with _stage() as where:
        reports = [run(known, where, say, seed, moments) for known in (DRILLS if name == "all" else [name])]
    if as_json:
        typer.echo(json.dumps([report.as_json() for report in reports]))
    else:
        for report in reports:
            typer.echo(_sentence(report))
    raise typer.Exit(exits.OK if all(report.held for report in reports) else exits.UNEXPECTED)


def _sentence(report: Report) -> str:
    told = f"{report.drill} (seed {report.seed}): "
    return told + (f"held, {len(report.checks)} checks" if report.held else f"FAILED\n{report.failures()}")


@contextmanager
def _stage() -> Iterator[Addresses]:
    """A fresh stack in a folder of its own, of which nothing is left afterwards but its logs."""
    from local_stack import addresses, processes, stack

    home = addresses.LOCAL / HOME
    if processes.any_alive(home):
        exits.fail(
            f"A drill runs already, or was killed: see {home}, or `down` with TIDEMARK_STACK={HOME}.", exits.USAGE
        )
    for setting in [known for known in os.environ if known.startswith("TIDEMARK_")]:
        del os.environ[setting]  # whatever deployment they speak of, it is not this one
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts what is in the background deaf to Ctrl-C
        signal.signal(number, signal.default_int_handler)
    try:
        yield stack.up(home, fresh=True, say=say)
    finally:
        stack.down(home)
        _remove_data(home)


def _remove_data(home: Path) -> None:
    for entry in home.iterdir() if home.is_dir() else ():
        if entry.name != "logs":
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    say(f"Stopped; the logs stay in {home / 'logs'}.")
