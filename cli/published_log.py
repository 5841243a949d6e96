"""What was published to a running job, as `read campaigns --json` has printed it, for a backtest that is told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import typer

from cli import exits
from connectors.news_lines import LineError, read_lines
from udfs.campaign_config import campaign_rule
from udfs.campaign_rule import CampaignRule
from udfs.news import News, NewsRefused


def read_published(file: Path, files: Mapping[str, bytes], drafts: bool = False) -> tuple[News, ...]:
    """In the order of the log; what the campaigns of `files` refuse is told and left out, as the job does."""
    rule, kept = campaign_rule(files, 0, 0, drafts), list[News]()
    try:
        with file.open("rb") as lines:
            for news in read_lines(lines):
                try:
                    rule.learn(news)
                    kept.append(news)
                except NewsRefused as why:
                    typer.echo(f"{file}: {why}", err=True)
    except OSError as error:
        exits.fail(f"{file}: {error.strerror}", exits.INPUT)
    except LineError as wrong:
        exits.fail(f"{file}: {wrong}", exits.INPUT)
    return tuple(kept)


def rule_told(files: Mapping[str, bytes], news: Iterable[News], drafts: bool) -> CampaignRule:
    """The campaigns of `files` that have learned all of `news`."""
    rule = campaign_rule(files, 0, 0, drafts)
    for one in news:
        rule.learn(one)
    return rule
