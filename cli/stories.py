"""Plays stories: their calls become events as history does, and the campaigns they name decide in the memory driver."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from connectors.quick_calls import event_of
from connectors.rejected import Rejected
from udfs.campaign_config import campaign_rule
from udfs.campaigns import parse_campaign
from udfs.config_error import ConfigError
from udfs.events import Event
from udfs.memory_driver import drive
from udfs.outputs import Decision
from udfs.rehearsal_story import Moment, Story, Verdict, compare, read_stories, time_line

CAMPAIGNS, STORIES = "campaigns/", "stories/"


class Played(NamedTuple):
    """A story, how it came out, and its time line."""

    story: Story
    verdict: Verdict
    line: list[str]


def stories_of(files: Mapping[str, bytes]) -> list[Story]:
    """Every story of a configuration, file by file; `stories/a.toml` is about campaign `a`."""
    found: list[Story] = []
    for path, content in sorted(files.items()):
        if path.startswith(STORIES):
            campaign = path.removeprefix(STORIES).removesuffix(".toml")
            found += read_stories(content, f"config/{path}", campaign)
    return found


def play(story: Story, files: Mapping[str, bytes]) -> Played:
    """ConfigError if the story names a campaign that is not there, or if a call of it is refused."""
    events = [_event(moment, story) for moment in story.moments if moment.call]
    news = [moment.news for moment in story.moments if moment.news]
    rule = campaign_rule(_only(story, files), 0, 0, drafts=True)
    told = [one for one in drive(rule, events, story.until, news=news).emitted if isinstance(one, Decision)]
    verdict = compare(story, told)
    return Played(story, verdict, time_line(story, verdict, told))


def _only(story: Story, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The configuration with just the campaigns of the story."""
    names = {path: parse_campaign(files[path], f"config/{path}").name for path in files if path.startswith(CAMPAIGNS)}
    if gone := sorted(set(story.campaigns) - set(names.values())):
        known = f"There are {', '.join(sorted(names.values()))}"
        raise ConfigError(story.file, "", f"there is no campaign {', '.join(gone)}", known)
    return {path: content for path, content in files.items() if path not in names or names[path] in story.campaigns}


def _event(moment: Moment, story: Story) -> Event:
    event = event_of(msgspec.json.encode(moment.call))
    if isinstance(event, Rejected):
        hint = "The call would be refused by ingest, too"
        raise ConfigError(story.file, story.name, f"{moment.words}: {event.detail}", hint)
    return event


def failed(played: Sequence[Played]) -> list[Played]:
    return [one for one in played if not one.verdict.holds]
