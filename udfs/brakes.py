"""Both brakes together: what everybody does goes in, in any order behind the tide, and out comes what is to be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from udfs.campaigns import Campaign, parse_campaign
from udfs.config_error import ConfigError
from udfs.events import Event
from udfs.governor_config import Governor
from udfs.news import EVERYBODY, ORDERS_FLOW, ORDERS_SILENT, News
from udfs.order_silence import NOTHING, OrderFlow, OrdersFlow, OrderSilence, OrdersSilent
from udfs.outputs import Decision
from udfs.seen import SeenIds
from udfs.shard import Shard
from udfs.time import HOUR, Millis
from udfs.volume_brake import TooMany, VolumeBrake

PAUSE = "pause"
_BEGINS_ANEW = frozenset({"publish", "resume"})
_PAUSES = frozenset({PAUSE, "end"})


class Word(NamedTuple):
    """What is to be said on the topic of campaigns, and why; `at` (ms) is the instant that it is about."""

    action: str
    name: str
    at: Millis
    cause: str


class Brakes:
    """Knows what has been said already, by its own words on the topic, and says nothing twice."""

    def __init__(self, governor: Governor, campaigns: Mapping[str, Campaign]) -> None:
        self._governor = governor
        hourly = {name: one.hourly_volume for name, one in campaigns.items() if one.hourly_volume}
        self._volume = VolumeBrake(hourly, governor.too_many)
        self._orders: Shard[OrderFlow, OrdersSilent | OrdersFlow] = Shard(
            OrderSilence(governor.order_silence), SeenIds()
        )
        self._told_silent = False
        self._stopped: set[str] = set()
        self._too_many: dict[str, TooMany] = {}

    @property
    def silent(self) -> bool:
        """Whether orders are silent where the tide stands."""
        return self.flow.silent_since is not None

    @property
    def watched(self) -> Iterable[str]:
        """The campaigns whose volume was rehearsed."""
        return self._volume.hourly

    @property
    def flow(self) -> OrderFlow:
        return self._orders.people.get(EVERYBODY, NOTHING)

    def orders(self, events: Iterable[Event], tide: Millis) -> None:
        """All orders and checkouts up to and including `tide` (ms) that were not told yet."""
        if self._governor.order_silence != 0:
            everybody = [msgspec.structs.replace(event, user=EVERYBODY) for event in events]
            self._orders.tick(everybody, tide)
            self._orders.changed.clear()
            self._orders.seen.fresh.clear()
            self._orders.seen.close(tide)

    def decided(self, told: Decision) -> None:
        """A decision of any campaign."""
        if self._governor.too_many and (found := self._volume.count(told)):
            self._too_many[found.campaign] = found

    def heard(self, news: News) -> None:
        """What lies on the topic of campaigns, in its order."""
        if news.key == EVERYBODY:
            self._told_silent = news.action == ORDERS_SILENT
        elif news.action in _PAUSES:
            self._stopped.add(news.key)
            self._too_many.pop(news.key, None)
        elif news.action in _BEGINS_ANEW:
            self._stopped.discard(news.key)
            self._too_many.pop(news.key, None)
            self._volume.begin_anew(news.key, news.since, self._hourly(news))

    def to_say(self, tide: Millis) -> list[Word]:
        """What is so and was not said yet; an hour (ms) after its instant it is too late for a pause."""
        words = [
            Word(PAUSE, one.campaign, one.at, f"volume: more than {one.most} mails in an hour, {one.hourly} rehearsed")
            for one in self._too_many.values()
            if one.campaign not in self._stopped and tide - one.at < HOUR
        ]
        flow = self.flow
        if flow.silent_since is not None and not self._told_silent:
            words.append(Word(ORDERS_SILENT, EVERYBODY, flow.silent_since, f"no order since {flow.orders[-1]}"))
        elif flow.silent_since is None and self._told_silent and flow.orders:
            words.append(Word(ORDERS_FLOW, EVERYBODY, flow.orders[-1], "an order came in"))
        return words

    def said(self, words: Iterable[Word]) -> None:
        """They lie on the topic, whence they will be heard as well."""
        for word in words:
            if word.name == EVERYBODY:
                self._told_silent = word.action == ORDERS_SILENT
            else:
                self._stopped.add(word.name)
                self._too_many.pop(word.name, None)

    def _hourly(self, news: News) -> int | None:
        """What a published file says; a bad one is refused by the job, and the old one stays."""
        if news.content is None:
            return self._volume.hourly.get(news.key)
        try:
            return parse_campaign(news.content, news.file or news.key).hourly_volume
        except ConfigError:
            return self._volume.hourly.get(news.key)
