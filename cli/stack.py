"""up, down, status: the local stack."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

import typer

from cli import exits


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(down)
    app.command()(status)


def say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def up(fresh: bool = typer.Option(False, "--fresh", help="Remove all data of this stack first.")) -> None:
    """Start the local stack; what runs already is left alone."""
    from local_stack import addresses, stack

    home = addresses.current_home()
    stack.up(home, fresh=fresh, say=say)
    if "TIDEMARK_STACK" not in os.environ:
        addresses.make_current(home)


def down(fresh: bool = typer.Option(False, "--fresh", help="Remove all its data as well.")) -> None:
    """Stop the local stack; its data stays for the next `up`."""
    from local_stack import addresses, stack

    home = addresses.current_home()
    stack.down(home, fresh=fresh)
    say(f"Stopped; the data in {home} {'is removed' if fresh else 'stays'}.")


def status(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Say of each server whether it runs, where, as which process; then of the jobs, and who holds the tide."""
    from cli import standing
    from local_stack import addresses, health, stack

    rows = health.of_stack(addresses.current_home())
    running = {row.name for row in rows if row.state == "running"}
    rows += standing.of_jobs() if "jobmanager" in running else []
    rows += standing.of_tide() if "kafka" in running else []
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows]))
    else:
        for row in rows:
            typer.echo(f"{row.name:<16} {row.state:<8} {row.address:<32} {row.pid or '-':<8} {row.version or '-'}")
    for sentence in health.obituaries(addresses.current_home()):
        say(sentence)
    if not running >= set(stack.PARTS):
        raise typer.Exit(exits.UNREACHABLE if running else exits.NOT_RUNNING)
