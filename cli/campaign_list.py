"""campaign list: who is draft, live, paused or ended, on which version and since when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.backtest_text import aligned
from cli.campaign import group
from cli.wording import instant
from udfs.time import Millis

if TYPE_CHECKING:
    from cli.campaign_standing import Standing


def register(_: typer.Typer) -> None:
    group.command("list")(list_campaigns)


@dataclass(frozen=True, slots=True)
class Row:
    """A campaign as it stands; `since` (ms) is when its version took effect, None if it is that of the file.

    `file` is the version in the folder of the configuration, None if there is none; `coming` are the instants at which
    more takes effect.
    """

    name: str
    state: str
    version: str
    since: Millis | None
    file: str | None
    under_way: tuple[str, ...]
    coming: tuple[Millis, ...]


def list_campaigns(
    config: Path = typer.Option(None, "--config", help="Another folder than that of the submitted job."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Show each campaign with its state and version, as the running job has it and as the files say."""
    from cli.campaign_standing import deployed, standing
    from cli.servers import asked

    where, folder = deployed(config)
    with asked(where):
        stands = standing(where, folder)
    rows = list(rows_of(stands))
    if as_json:
        refused = [asdict(one) for one in stands.refused]
        typer.echo(json.dumps({"campaigns": [asdict(row) for row in rows], "refused": refused}))
        return
    head = ["campaign", "state", "version", "since", "in the files"]
    for line in aligned([head, *(_cells(row) for row in rows)]):
        typer.echo(line)
    for one in stands.refused:
        typer.echo(f"Refused, offset {one.offset}: {one.why}", err=True)


def rows_of(stands: Standing) -> Iterator[Row]:
    """Every campaign that was ever heard of, by name."""
    now, later = stands.in_force(), stands.in_the_end()
    for name in sorted({*stands.files.campaigns, *later.campaigns}):
        editions = now.editions.get(name, ())
        of_file = stands.files.campaigns.get(name)
        newest = editions[-1].campaign if editions else of_file
        coming = tuple(sorted(one.since for one in stands.news if one.key == name and one.since > (stands.now or 0)))
        yield Row(
            name,
            newest.state if newest else "not yet",
            newest.version if newest else "",
            editions[-1].since or None if editions else None,
            of_file.version if of_file else None,
            tuple(one.campaign.version for one in editions[:-1]),
            coming,
        )


def _cells(row: Row) -> list[str]:
    since = "the beginning" if row.since is None else instant(row.since)
    more = f", more from {instant(row.coming[0])} on" if row.coming else ""
    in_files = "-" if row.file is None else "the same" if row.file == row.version else f"another: {row.file}"
    return [row.name, row.state, row.version or "-", since + more, in_files]
