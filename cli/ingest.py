"""ingest: lines of JSON in Segment's spec, checked and brought to Kafka in the time that they tell."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import typer

from cli import exits, lines
from cli.lines import Line
from cli.pace import Pace
from connectors.intake import BULK_LINGER, Intake, IntakeError, Tide
from connectors.rejected import Rejected
from connectors.settings import Settings
from connectors.topics import INPUTS, full_name
from udfs.time import SECOND, Millis, format_length

SHOWN = 5
SOON: Millis = 20
PRESENT: Millis = 30 * SECOND  # a partition that has been told of so lately is kept by a clock or a collector


def register(app: typer.Typer) -> None:
    app.command()(ingest)


def ingest(
    files: list[str] = typer.Argument(help="Files of JSON lines; - is standard input. Several are merged by time."),
    history: bool = typer.Option(
        False, "--history", help="Take times as they are: no clamping to the time of arrival."
    ),
    speed: float | None = typer.Option(None, "--speed", min=0.001, help="Replay N times as fast as it happened."),
    as_fast: bool = typer.Option(False, "--max", help="Replay as fast as possible (the default)."),
    as_json: bool = typer.Option(False, "--json", help="Print the counts as JSON."),
) -> None:
    """Check lines in Segment's spec and bring them to the input topics; what is refused goes to dead-letters."""
    from cli.servers import settings

    if speed is not None and as_fast:
        exits.fail("--speed and --max exclude each other: choose one.", exits.USAGE)
    where = settings()
    try:
        total = lines.size(files)
        began = time.monotonic()
        linger = BULK_LINGER if history and speed is None else SOON
        with Intake(where.kafka, where.namespace, None if history else _wall_clock, linger) as intake:
            with _progress(total) as advance:
                calls = lines.merged(files, intake.read)
                _bring(intake, _before_the_present(calls, where) if history else calls, speed, history, advance)
            intake.flush()
    except OSError as error:
        exits.fail(f"{error.filename}: {error.strerror}", exits.INPUT)
    except IntakeError as error:
        exits.fail(str(error), exits.UNREACHABLE)
    _report(intake, time.monotonic() - began, as_json)
    if intake.disorder > where.bound:
        _say(
            f"Lines are up to {format_length(intake.disorder)} out of order, more than the bound of "
            f"{format_length(where.bound)}: such events count as late. Sort the files by time to avoid it."
        )


def _bring(
    intake: Intake, all_lines: Iterable[Line], speed: float | None, history: bool, advance: Callable[[int], None]
) -> None:
    pace = Pace(intake, speed) if speed else None
    tide = Tide(intake) if history else Tide(intake, SECOND, _once_a_second())
    refused = 0
    for line in all_lines:
        if isinstance(line.call, Rejected):
            intake.refuse(line.file, line.number, line.text, line.call, _wall_clock())
            refused += 1
            if refused <= SHOWN:
                _say(f"{line.file}:{line.number}: {line.call.reason.value}: {line.call.detail}")
        else:
            if pace:
                pace.wait_for(line.call.at)
            intake.send(line.call)
            if not pace:
                tide.rise()
        advance(len(line.text) + 1)
    tide.end()


def _before_the_present(all_lines: Iterable[Line], where: Settings) -> Iterator[Line]:
    """The lines, unless heartbeats of wall-clock time stand before them already: then each of them would be late."""
    from connectors.tide import marks

    inputs = [full_name(topic.name, where.namespace) for topic in INPUTS]
    kept = [mark for mark in marks(where.kafka, inputs) if (mark.newest or 0) > _wall_clock() - PRESENT]
    for line in all_lines:
        for mark in kept:
            if not isinstance(line.call, Rejected) and line.call.at <= (mark.newest or 0) - where.bound:
                exits.fail(
                    f"{mark.topic} is kept up to this very moment: {line.file}:{line.number} and what follows would be "
                    "late. Stop what writes heartbeats (`./tidemark tide`?), and bring history into fresh topics, "
                    "after `./tidemark down --fresh` or under another TIDEMARK_NAMESPACE.",
                    exits.INPUT,
                )
        yield line


def _once_a_second() -> Callable[[], bool]:
    last = 0.0

    def due() -> bool:
        nonlocal last
        now = time.monotonic()
        if now - last < 1:
            return False
        last = now
        return True

    return due


def _report(intake: Intake, seconds: float, as_json: bool) -> None:
    sent, rejected = dict(intake.sent), dict(intake.rejected)
    if as_json:
        summary = {
            "sent": sent,
            "rejected": rejected,
            "heartbeats": intake.heartbeats,
            "first": intake.first,
            "last": intake.last,
            "out_of_order_ms": intake.disorder,
            "seconds": round(seconds, 3),
        }
        typer.echo(json.dumps(summary))
        return
    for topic, count in sent.items():
        typer.echo(f"{topic:<16} {count:>10,}")
    typer.echo(f"{'rejected':<16} {sum(rejected.values()):>10,}")
    for reason, count in sorted(rejected.items()):
        typer.echo(f"  {reason:<14} {count:>10,}")
    _say(f"{sum(sent.values()):,} events in {seconds:.1f} s.")
    if rejected:
        _say("The refused lines with their reasons: ./tidemark read dead-letters")


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing anywhere else."""
    if total is None or not sys.stderr.isatty():
        yield lambda done: None
        return
    with typer.progressbar(length=total, label="ingest", file=sys.stderr, update_min_steps=65536) as bar:
        yield bar.update


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _wall_clock() -> Millis:
    return time.time_ns() // 1_000_000
