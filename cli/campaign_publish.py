"""campaign publish, pause, resume, end: change what a running job does, from an instant of event time on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli import exits
from cli.campaign import check_files, group, read_file
from cli.submit import read_time
from cli.wording import instant

if TYPE_CHECKING:
    from cli.campaign_news import Done, Wish

CONFIG = typer.Option(None, "--config", help="Folder of the configuration, if not that of the submitted job.")
EFFECTIVE_AT = typer.Option(None, "--effective-at", metavar="TIME", help="When it takes effect, if not at once.")
DRY_RUN = typer.Option(False, "--dry-run", help="Say what would be done, and write nothing.")
AS_JSON = typer.Option(False, "--json", help="Print JSON.")
NAMES = typer.Argument(metavar="NAME...", help="Names of campaigns.")


def register(_: typer.Typer) -> None:
    for command in (publish, pause, resume, end):
        group.command()(command)


def publish(
    files: list[Path] = typer.Argument(metavar="FILE...", help="Campaign files."),
    effective_at: str = EFFECTIVE_AT,
    config: Path = CONFIG,
    dry_run: bool = DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Let the running job go on with these files; if one of them is wrong, none is published."""
    from cli.campaign_news import Wish
    from cli.campaign_standing import deployed
    from udfs.campaigns import parse_campaign

    checked = check_files(files, deployed(config)[1])
    for told in (*(f"error: {error}" for error in checked.errors), *(f"warning: {one}" for one in checked.warnings)):
        _say(told)
    if checked.errors:
        exits.fail("Nothing is published.", exits.INPUT)
    wishes = []
    for file in files:
        campaign = parse_campaign(content := read_file(file), str(file))
        wishes.append(Wish(campaign.name, "publish", content, str(file), campaign.version))
    _carry_out(wishes, effective_at, config, dry_run, as_json)


def pause(
    names: list[str] = NAMES,
    effective_at: str = EFFECTIVE_AT,
    config: Path = CONFIG,
    dry_run: bool = DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Answer every signal and every due step with `paused`, until `resume`; nothing is caught up on."""
    _of_each(names, "pause", effective_at, config, dry_run, as_json)


def resume(
    names: list[str] = NAMES,
    effective_at: str = EFFECTIVE_AT,
    config: Path = CONFIG,
    dry_run: bool = DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Take back a pause or an end; what came due meanwhile stays dropped."""
    _of_each(names, "resume", effective_at, config, dry_run, as_json)


def end(
    names: list[str] = NAMES,
    effective_at: str = EFFECTIVE_AT,
    config: Path = CONFIG,
    dry_run: bool = DRY_RUN,
    as_json: bool = AS_JSON,
) -> None:
    """Answer every signal and every due step with `campaign_ended`."""
    _of_each(names, "end", effective_at, config, dry_run, as_json)


def _of_each(names: Sequence[str], action: str, effective_at: str, config: Path, dry_run: bool, as_json: bool) -> None:
    from cli.campaign_news import Wish

    _carry_out([Wish(name, action) for name in names], effective_at, config, dry_run, as_json)


def _carry_out(wishes: Sequence[Wish], effective_at: str, config: Path, dry_run: bool, as_json: bool) -> None:
    from cli.campaign_news import carry_out
    from cli.campaign_standing import deployed

    outcome = carry_out(*deployed(config), wishes, read_time(effective_at), not dry_run)
    for why in (*outcome.unchanged, *(one.note for one in outcome.done if one.note)):
        _say(f"{why}.")
    if as_json:
        typer.echo(json.dumps([_plain(one, not dry_run) for one in outcome.done]))
        return
    for one in outcome.done:
        typer.echo(_sentence(one, dry_run))


def _plain(one: Done, written: bool) -> dict[str, object]:
    wish = one.wish
    return {
        "name": wish.name,
        "action": wish.action,
        "version": wish.version,
        "effective_at": one.effective_at,
        "written": written,
    }


def _sentence(one: Done, dry_run: bool) -> str:
    what = f"{one.wish.name}: {one.wish.action}" + (f" version {one.wish.version}" if one.wish.version else "")
    return f"{what}, in effect from {instant(one.effective_at)} on" + (" (not written)" if dry_run else "")


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)
