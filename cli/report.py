"""report: per campaign what was decided and why, what became of the mails, and who clicked and ordered afterwards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import typer

from cli import exits
from cli.figures import figures, lines

if TYPE_CHECKING:
    import polars as pl

FOR_EVER = 1 << 62


def register(app: typer.Typer) -> None:
    app.command()(report)


def report(
    campaign: str = typer.Option(None, help="Only this campaign."),
    since: str = typer.Option(None, metavar="TIME", help="Only what was decided from then on."),
    until: str = typer.Option(None, metavar="TIME", help="Only what was decided before."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Count what the campaigns decided, with reasons, and what came of it, from the archive."""
    from cli.submit import read_time

    counts = counted(read_time(since) or 0, read_time(until) or FOR_EVER)
    found = [one for one in figures(counts.to_dicts()) if campaign in (None, one.campaign)]
    if not found:
        exits.fail(f"Nothing was decided{f' by {campaign!r}' if campaign else ''} in that time.", exits.NOT_FOUND)
    if as_json:
        typer.echo(json.dumps([one.plain() for one in found]))
        return
    for one in found:
        for line in lines(one):
            typer.echo(line)


def counted(since: int, until: int) -> pl.DataFrame:
    """The counts over the whole archive, a slice of people after the other."""
    import polars as pl

    from cli.archive import folder
    from cli.servers import settings
    from connectors.archive.reading import in_slices, newest
    from connectors.topics import full_name
    from udfs.campaign_report import WANTED, Period, add_up, tally

    folders = {topic: folder() / full_name(topic, settings().namespace) for topic in WANTED}
    if not folders["decisions"].is_dir():
        exits.fail(f"There is no archive in {folder()}: `./tidemark archive --once` makes one.", exits.NOT_FOUND)
    period = Period(since, until, max(newest(one) for one in folders.values()))

    def parts() -> Iterator[Any]:
        for tables in in_slices(folders, WANTED):
            yield tally({topic: pl.DataFrame(pl.from_arrow(one)) for topic, one in tables.items()}, period)

    return add_up(parts())
