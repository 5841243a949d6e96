"""campaign diff: what a change of campaigns would have done differently, in counts and person by person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.backtest import read_campaigns, rehearsal
from cli.backtest_text import aligned
from cli.campaign import group
from cli.submit import read_length, read_time
from cli.wording import clock_time, count, day

if TYPE_CHECKING:
    from udfs.rehearsal_diff import Change, End


def register(_: typer.Typer) -> None:
    group.command()(diff)


def diff(
    old: Path = typer.Argument(help="Folder of campaign files or of a whole configuration, or one campaign file."),
    new: Path = typer.Argument(help="The same, changed."),
    events: list[str] = typer.Option(..., "--events", metavar="FILE", help="JSON lines, .gz too; repeat for several."),
    since: str = typer.Option(None, "--from", metavar="TIME", help="Leave out events before it."),
    until: str = typer.Option(None, "--to", metavar="TIME", help="Leave out events from it on; the clock stops there."),
    live_from: str = typer.Option("beginning", metavar="TIME|beginning", help="Signals before it are only recorded."),
    run_on: str = typer.Option("0s", help="Let the clock run on so long after the last event, as in 48h."),
    drafts: bool = typer.Option(False, "--drafts", help="Let drafts decide as if they were live."),
    people: int = typer.Option(20, min=0, help="How many people to show; --json shows all."),
    processes: int = typer.Option(None, min=1, help="How many run side by side; one for each core if it is not said."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Decide the same history by two configurations and show where they part."""
    from cli.rehearsal import people_at_once
    from udfs.rehearsal_diff import changes

    variants = [read_campaigns(folder, drafts) for folder in (old, new)]
    with rehearsal(
        events, variants, read_time(since), read_time(until), read_time(live_from) or 0, read_length(run_on),
        waits=(), drafts=drafts, count=processes or people_at_once(),
    ) as (_, rehearsed):  # fmt: skip
        found = changes(rehearsed.decisions(0), rehearsed.decisions(1))
    if as_json:
        typer.echo(json.dumps([{"kind": one.kind, **asdict(one)} for one in found]))
        return
    for line in _lines(found, people):
        typer.echo(line)


def _lines(found: list[Change], people: int) -> Iterator[str]:
    from udfs.rehearsal_diff import counted

    by_person = [(user, list(theirs)) for user, theirs in groupby(found, key=lambda one: one.user)]
    if not found:
        yield "No difference: every signal ends alike."
        return
    rows = [
        [campaign, f"{step}", kind.replace("_", " "), f"{number:,}"] for campaign, step, kind, number in counted(found)
    ]
    yield from aligned([["campaign", "step", "what changes", "signals"], *rows])
    yield f"{count(len(by_person), 'person')} in all.".replace("persons", "people")
    for user, theirs in by_person[:people]:
        yield ""
        yield user
        yield from (f"  {one.campaign}, step {one.step}: {_end(one.before)} -> {_end(one.now)}" for one in theirs)
    if len(by_person) > people:
        yield ""
        yield f"... and {len(by_person) - people:,} more; --people N shows more of them, --json all."


def _end(end: End | None) -> str:
    if end is None:
        return "no signal"
    return f"{end.outcome} ({end.reason}) at {clock_time(end.at)} on {day(end.at)}"
