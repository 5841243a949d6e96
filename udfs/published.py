"""Which campaigns are in force when: the files of the beginning, and what was published since, by event time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from udfs.campaigns import DRAFT, ENDED, LIVE, MOVE, PAUSED, Campaign, CampaignConfig, parse_campaign
from udfs.config_error import ConfigError
from udfs.in_force import Edition, InForce
from udfs.news import News, NewsRefused
from udfs.time import Millis
from udfs.timeline import Timeline

PUBLISH = "publish"
PAUSE = "pause"
RESUME = "resume"
END = "end"
ACTIONS = (PUBLISH, PAUSE, RESUME, END)


class Change(NamedTuple):
    """What was done to a campaign, and its new version if it was published."""

    action: str
    name: str
    since: Millis
    order: int
    campaign: Campaign | None = None


class Published:
    """The campaigns of a configuration, changed by news: what is in force depends on the instant alone."""

    def __init__(self, config: CampaignConfig) -> None:
        self._config = config
        self._changes: Timeline[Change] = Timeline()
        self._known: dict[int, Change] = {}
        self._built: dict[int, InForce] = {}
        self._last: Change | None = None
        self._now = self._beginning = self._build(())

    def learn(self, news: News) -> Change:
        """Take a change in; NewsRefused says why a version cannot be taken, and the one before stays."""
        if (change := self._known.get(news.order)) is None:
            change = self._known[news.order] = read_change(news, self._config)
            self._changes.learn(change.since, change.order, change)
            self._built.clear()
            self._last, self._now = None, self._beginning
        return change

    def at(self, at: Millis) -> InForce:
        """What is in force at `at` (ms): one comparison as long as it is what was in force when last asked."""
        if not self._known:
            return self._beginning
        last = self._changes.at(at)
        if last is not self._last:
            self._last = last
            self._now = self._beginning if last is None else self._after(last)
        return self._now

    def _after(self, last: Change) -> InForce:
        if (known := self._built.get(last.order)) is None:
            known = self._built[last.order] = self._build(self._changes.until(last.since, last.order))
        return known

    def _build(self, changes: Sequence[Change]) -> InForce:
        beginning = self._config.campaigns.items()
        editions: dict[str, tuple[Edition, ...]] = {name: (Edition(0, one),) for name, one in beginning}
        states = {name: one.state for name, one in beginning}
        for change in changes:
            if one := change.campaign:
                editions[one.name] = _published(editions.get(one.name, ()), Edition(change.since, one))
                if one.state != LIVE or one.name not in states:
                    states[one.name] = one.state
            elif change.name in states:
                states[change.name] = _after(states[change.name], change.action)
        return InForce(_in_their_states(editions, states), self._config.governor)


def read_change(news: News, config: CampaignConfig) -> Change:
    """What the news do; NewsRefused if a file is wrong, a draft, or names a segment that is not judged."""
    if news.action not in ACTIONS:
        raise NewsRefused(f"{news.action} is nothing that is done to a campaign")
    if news.content is None:
        return Change(news.action, news.key, news.since, news.order)
    try:
        campaign = parse_campaign(news.content, news.file or f"{news.key}.toml")
    except ConfigError as wrong:
        raise NewsRefused(str(wrong)) from wrong
    _refuse(campaign, news, config)
    return Change(news.action, news.key, news.since, news.order, campaign)


def _refuse(campaign: Campaign, news: News, config: CampaignConfig) -> None:
    if campaign.name != news.key:
        raise NewsRefused(f"{campaign.file}: name: is {campaign.name}, but it was published as {news.key}")
    if campaign.state == DRAFT:
        raise NewsRefused(f"{campaign.file}: state: a draft is for stories and backtests. Publish it as live or paused")
    for key, name in campaign.segments.items():
        if name not in config.segments:
            raise NewsRefused(
                f"{campaign.file}: {key}: the campaigns that run do not judge the segment {name}. Name it under "
                "`segments` in config/governor.toml and submit them anew, with --write-after latest"
            )


def _published(before: tuple[Edition, ...], new: Edition) -> tuple[Edition, ...]:
    """Those who are under way finish as they began, or all go on with the new one."""
    if before and before[-1].campaign.version == new.campaign.version:
        return before
    return (new,) if new.campaign.on_change == MOVE else (*before, new)


def _after(state: str, action: str) -> str:
    """A pause and an end are taken back by `resume`, never by a new version."""
    if action == RESUME:
        return LIVE if state in (PAUSED, ENDED) else state
    return PAUSED if action == PAUSE else ENDED


def _in_their_states(
    editions: Mapping[str, tuple[Edition, ...]], states: Mapping[str, str]
) -> dict[str, tuple[Edition, ...]]:
    """The state is the campaign's, whichever edition somebody is under way on."""
    return {
        name: tuple(
            one if one.campaign.state == states[name] else Edition(one.since, replace(one.campaign, state=states[name]))
            for one in known
        )
        for name, known in editions.items()
    }
