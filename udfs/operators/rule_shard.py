"""A shard in the operator that asks a rule about each person, and shows what changed to readers."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from connectors.raw_tick import RawTick
from connectors.records import Record
from connectors.rejected import Reason, Rejected
from connectors.settings import Settings
from connectors.state_format import FORMAT
from udfs.events import Event
from udfs.news import News, NewsRefused
from udfs.operators.border import Border
from udfs.operators.counters import Counters
from udfs.operators.stored_shard import Meta, StoredShard
from udfs.operators.tick_shard import Mapping
from udfs.step import Rule
from udfs.time import Millis


class View(Protocol):
    """Something that shows the shard's people to readers, one tick at a time."""

    def show(self, number: int, stored: StoredShard, changed: set[str], until: Millis) -> None: ...


class RuleWork(Protocol):
    """A job that decides by a rule."""

    @property
    def job(self) -> str: ...
    @property
    def state_type(self) -> type: ...
    @property
    def settings(self) -> Settings: ...
    def rule(self) -> Rule[Any, Event, Any]: ...
    def view(self, rule: Any) -> View | None: ...


class RuleShards:
    """Makes the shards of one worker, which share the rule, the view and the border."""

    def __init__(self, work: RuleWork, counters: Counters) -> None:
        settings = work.settings
        self.rule = work.rule()
        self.view = work.view(self.rule)
        self.border = Border(work.job, settings.namespace, counters)
        self.counters = counters
        self._state_type = work.state_type
        reads = getattr(self.rule, "reads", "")
        self._meta = Meta(FORMAT, settings.tick, settings.shards, settings.bound, reads)
        self._told_until: Millis | None = None

    def told(self, until: Millis) -> None:
        """A shard has been told the news of the tick up to `until`.

        Every shard is handed every tick with news, one tick after the other: all stand at the last such one by now.
        """
        if self._told_until is not None and self._told_until < until and hasattr(self.rule, "forget_news"):
            self.rule.forget_news(self._told_until)
        self._told_until = until if self._told_until is None else max(until, self._told_until)

    def open(self, number: int, stored: Mapping) -> RuleShard:
        return RuleShard(self, number, StoredShard(self.rule, self._state_type, stored, self._meta))


class RuleShard:
    """A `TickShard` of people; `until` is where it stands."""

    def __init__(self, shared: RuleShards, number: int, stored: StoredShard) -> None:
        self._shared = shared
        self._number = number
        self._stored = stored

    @property
    def until(self) -> Millis:
        return self._stored.until

    def take(self, tick: RawTick | None, until: Millis) -> list[Record]:
        border, shard = self._shared.border, self._stored.shard
        events, refused = ([], []) if tick is None else border.read(tick, partial(self._hear, until), self._number == 0)
        duplicates = shard.seen.duplicates
        outputs = shard.tick([event for event in events if event.at <= until], until)
        self._shared.counters.add("duplicates", shard.seen.duplicates - duplicates)
        if shard.fresh_news:
            self._shared.told(until)
        changed = shard.changed
        self._stored.save(until)
        if self._shared.view:
            self._shared.view.show(self._number, self._stored, changed, until)
        return refused + [border.write(output) for output in outputs]

    def _hear(self, until: Millis, news: News) -> Rejected | None:
        """Every shard learns it, and all of them come to the same verdict."""
        if news.at <= until:
            try:
                self._stored.shard.learn(news)
            except NewsRefused as why:
                return Rejected(Reason.BAD_NEWS, str(why))
        return None

    def next_alarm(self) -> Millis | None:
        return self._stored.shard.next_alarm()
