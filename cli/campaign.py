"""campaign: the commands about campaigns are one group, to which other modules add theirs; here check and schema."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli import exits
from local_stack.addresses import ROOT

if TYPE_CHECKING:
    from udfs.campaign_check import Checked

CONFIG = ROOT / "config"
TEMPLATES = ROOT / "render_service" / "templates"

group = typer.Typer(name="campaign", help="Check, rehearse, compare and publish campaigns.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(group)


@group.command()
def check(
    files: list[Path] = typer.Argument(help="Campaign files, such as config/campaigns/*.toml."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Tell errors with file, line and key, and warn of what is seldom meant."""
    checked = check_files(files, CONFIG)
    if as_json:
        typer.echo(json.dumps({"errors": _plain(checked.errors), "warnings": _plain(checked.warnings)}))
    else:
        for error in checked.errors:
            typer.echo(f"error: {error}")
        for warning in checked.warnings:
            typer.echo(f"warning: {warning}")
        typer.echo(
            f"{len(files)} checked: {len(checked.errors)} wrong, {len(checked.warnings)} to think about.", err=True
        )
    if checked.errors:
        raise typer.Exit(exits.INPUT)


@group.command()
def schema() -> None:
    """Print the JSON Schema of a campaign's file, for editors."""
    from udfs.campaign_schema import campaign_schema

    typer.echo(json.dumps(campaign_schema(), indent=2))


def check_files(files: list[Path], folder: Path) -> Checked:
    """What is wrong with files beside the governor and the segments of a configuration folder."""
    from connectors.config_files import read_config
    from udfs.campaign_check import check as checked_files

    now = time.time_ns() // 1_000_000
    return checked_files({str(file): read_file(file) for file in files}, read_config(folder), _templates(), now)


def read_file(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        exits.fail(f"{file}: {error.strerror}", exits.INPUT)


def _templates() -> dict[str, str]:
    """The text of each template of the render service by its name."""
    names = [path.name.removesuffix(".subject.j2") for path in TEMPLATES.glob("*.subject.j2")]
    return {name: (TEMPLATES / f"{name}.txt.j2").read_text("utf-8") for name in names}


def _plain(found: object) -> list[dict[str, object]]:
    assert isinstance(found, list)
    return [{name: getattr(one, name) for name in ("file", "line", "key", "problem", "hint")} for one in found]
