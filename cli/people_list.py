"""list: put people on a list that campaigns may be sent to, or take them off it, by a file of their ids."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli import exits
from udfs.time import Millis

if TYPE_CHECKING:
    from connectors.list_file import People

SHOWN = 5

group = typer.Typer(name="list", help="Lists of people that campaigns are sent to.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group)


@group.command()
def upload(
    file: Path = typer.Argument(help="One id a line, or a CSV with --column."),
    name: str = typer.Option(help="The list, as campaigns name it under audience.list."),
    column: str = typer.Option(None, help="Which column of a CSV has the ids."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only count."),
    out: Path = typer.Option(None, help="Write the calls to this file instead, as JSON lines for `backtest`."),
    at: str = typer.Option(None, metavar="TIME", help="With --out: the time they tell, e.g. 2026-10-12T14:15:00Z."),
    as_json: bool = typer.Option(False, "--json", help="Print the counts as JSON."),
) -> None:
    """Put people on a list, from now on; whoever is on it already stays."""
    _change(file, name, column, True, dry_run, out, at, as_json)


@group.command()
def remove(
    file: Path = typer.Argument(help="One id a line, or a CSV with --column."),
    name: str = typer.Option(help="The list, as campaigns name it under audience.list."),
    column: str = typer.Option(None, help="Which column of a CSV has the ids."),
    dry_run: bool = typer.Option(False, "--dry-run", help="Only count."),
    out: Path = typer.Option(None, help="Write the calls to this file instead, as JSON lines for `backtest`."),
    at: str = typer.Option(None, metavar="TIME", help="With --out: the time they tell, e.g. 2026-10-12T14:15:00Z."),
    as_json: bool = typer.Option(False, "--json", help="Print the counts as JSON."),
) -> None:
    """Take people off a list, from now on."""
    _change(file, name, column, False, dry_run, out, at, as_json)


def _change(
    file: Path,
    name: str,
    column: str | None,
    is_on: bool,
    dry_run: bool,
    out: Path | None,
    at: str | None,
    as_json: bool,
) -> None:
    from cli.submit import read_time
    from udfs.toml_keys import word

    if at is not None and out is None:
        exits.fail("--at goes with --out: what reaches the topics is told now.", exits.USAGE)
    try:
        word(name)
    except ValueError as problem:
        exits.fail(f"--name: {problem}", exits.USAGE)
    people = _read(file, column)
    if not dry_run:
        told = _calls(people.ids, name, is_on, read_time(at))
        _write(told, out) if out else _send(told)
    _report(people, name, is_on, dry_run, as_json)


def _read(file: Path, column: str | None) -> People:
    from connectors.list_file import UTF8_WITH_MARK, ListFileError, read_people

    try:
        with file.open(encoding=UTF8_WITH_MARK, newline="") as lines:
            return read_people(lines, column)
    except ListFileError as problem:
        exits.fail(f"{file}: {problem}.", exits.INPUT)
    except UnicodeDecodeError as problem:
        exits.fail(f"{file}: is not UTF-8 at byte {problem.start}: save it as UTF-8.", exits.INPUT)
    except OSError as error:
        exits.fail(f"{file}: {error.strerror}", exits.INPUT)


def _calls(ids: list[str], name: str, is_on: bool, at: Millis | None) -> Iterator[bytes]:
    """Each person's `identify`, stamped when it is made, so that none of a long list is late; ids of this upload."""
    began = _now()
    for number, user in enumerate(ids):
        call = {
            "type": "identify",
            "messageId": f"list-{name}-{began}-{number}",
            "userId": user,
            "timestamp": _now() if at is None else at,
            "traits": {"lists": {name: is_on}},
        }
        yield json.dumps(call).encode()


def _write(calls: Iterator[bytes], out: Path) -> None:
    try:
        out.write_bytes(b"".join(call + b"\n" for call in calls))
    except OSError as error:
        exits.fail(f"{out}: {error.strerror}", exits.INPUT)


def _send(calls: Iterator[bytes]) -> None:
    """Into profile-changes, without heartbeats: who keeps the topics says how far they are complete."""
    from cli.servers import settings
    from connectors.intake import Intake, IntakeError
    from connectors.segment_spec import Parsed

    where = settings()
    try:
        with Intake(where.kafka, where.namespace, _now) as intake:
            for line in calls:
                call = intake.read(line)
                assert isinstance(call, Parsed), call
                intake.send(call)
            intake.flush()
    except IntakeError as error:
        exits.fail(str(error), exits.UNREACHABLE)


def _report(people: People, name: str, is_on: bool, dry_run: bool, as_json: bool) -> None:
    if as_json:
        counts = {
            "list": name,
            "people": len(people.ids),
            "duplicates": people.duplicates,
            "refused": len(people.refused),
            "dry_run": dry_run,
        }
        typer.echo(json.dumps(counts))
    else:
        verb = "put on" if is_on else "taken off"
        done = "would be " if dry_run else ""
        typer.echo(f"{len(people.ids):,} people {done}{verb} the list {name}.")
        typer.echo(f"{people.duplicates:,} were in the file more than once, {len(people.refused):,} lines are no ids.")
    for number, problem in people.refused[:SHOWN]:
        _say(f"line {number}: {problem}")
    if people.addresses:
        _say(
            f"{people.addresses:,} look like e-mail addresses. A list holds the ids that people have in events; "
            "an address that is nobody's id reaches nobody."
        )


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _now() -> Millis:
    return time.time_ns() // 1_000_000
