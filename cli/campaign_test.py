"""campaign test: the stories of campaigns, played in simulated time."""

from __future__ import annotations

import json
from pathlib import Path

import typer

from cli import exits
from cli.backtest import found_in, named_as_given, read_campaigns
from cli.campaign import CONFIG, group


def register(_: typer.Typer) -> None:
    group.command("test")(play_stories)


def play_stories(
    folder: Path = typer.Argument(CONFIG, metavar="[DIR]", help="A configuration folder, or one of campaign files."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Play every story of DIR/stories and show the time line of those that fail."""
    from cli.stories import failed, play, stories_of

    files = read_campaigns(folder, drafts=True)
    files |= {f"stories/{path.name}": path.read_bytes() for path in sorted((folder / "stories").glob("*.toml"))}
    with named_as_given(folder):
        played = [play(story, files) for story in stories_of(files)]
    if not played:
        exits.fail(f"There is no story in {folder / 'stories'}: docs/rehearsal.md shows how to write one.", exits.INPUT)
    if as_json:
        told = [
            {
                "file": found_in(folder, one.story.file),
                "name": one.story.name,
                "holds": one.verdict.holds,
                "time_line": one.line,
            }
            for one in played
        ]
        typer.echo(json.dumps(told))
    else:
        for one in failed(played):
            head = f"FAILED {found_in(folder, one.story.file)}: {one.story.name}"
            typer.echo("\n".join((head, *(f"  {line}" for line in one.line))))
        typer.echo(f"{len(played)} stories, {len(failed(played))} failed.", err=True)
    if failed(played):
        raise typer.Exit(exits.INPUT)
