"""The rules without Flink: events in any order become ticks, and the same shards run them in this process."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from udfs.events import Event
from udfs.news import News, NewsRefused
from udfs.seen import SeenIds
from udfs.shard import Shard
from udfs.step import Rule
from udfs.time import DAY, Millis

S = TypeVar("S")
O = TypeVar("O")  # noqa: E741


@dataclass(frozen=True)
class Story(Generic[S, O]):
    """What came out, in order of ticks, and what is remembered when the tide stands at `until`.

    `refused` says why the rule could make nothing of some news.
    """

    emitted: list[O]
    states: dict[str, S]
    wakes: dict[str, Millis]
    duplicates: int
    until: Millis
    left_over: dict[str, S] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def drive(
    rule: Rule[S, Event, O],
    events: Iterable[Event],
    stop_at: Millis | None = None,
    tick: Millis = DAY,
    shards: int = 1,
    news: Iterable[News] = (),
    seen: Callable[[], SeenIds] = SeenIds,
) -> Story[S, O]:
    """Run `rule` over `events` (taken at their effective time) and let the clock stop at `stop_at`.

    Without `stop_at` the clock stops at the last event. Wake-ups up to and including it are run. `tick` and `shards`
    change the order of what comes out of different people, and nothing else; a long tick costs less. The rule learns
    `news` for good: runs with other news need a rule of their own. `seen` tells what comes twice.
    """
    ticks: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        ticks[event.at // tick].append(event)
    told: dict[int, list[News]] = defaultdict(list)
    for one in news:
        told[one.at // tick].append(one)
    until = max((event.at for event in ticks[max(ticks, default=0)]), default=0) if stop_at is None else stop_at
    owners: list[Shard[S, O]] = [Shard(rule, seen()) for _ in range(shards)]
    emitted: list[O] = []
    refused: list[str] = []
    for number in sorted({*ticks, *told}):
        end = min((number + 1) * tick - 1, until)
        for owner, batch in zip(owners, _by_owner(ticks.pop(number, []), shards), strict=True):
            refusals = _learn(owner, told.get(number, ()), end)
            emitted += owner.tick(batch, end)
            _settle(owner, end)
        refused += refusals
    for owner in owners:
        emitted += owner.advance(until)
    return _story(owners, emitted, until, refused)


def _learn(owner: Shard[Any, Any], news: Iterable[News], until: Millis) -> list[str]:
    """What the rule refuses, which it does in every shard alike."""
    refused = []
    for one in news:
        if one.at <= until:
            try:
                owner.learn(one)
            except NewsRefused as why:
                refused.append(str(why))
    return refused


def _by_owner(events: list[Event], shards: int) -> list[list[Event]]:
    if shards == 1:
        return [events]
    batches: list[list[Event]] = [[] for _ in range(shards)]
    for event in events:
        batches[zlib.crc32(event.user.encode()) % shards].append(event)
    return batches


def _settle(owner: Shard[Any, Any], until: Millis) -> None:
    """Nothing is stored here, so nobody asks what has changed."""
    owner.changed.clear()
    owner.fresh_news.clear()
    owner.seen.fresh.clear()
    owner.seen.close(until)


def _story(owners: list[Shard[S, O]], emitted: list[O], until: Millis, refused: list[str]) -> Story[S, O]:
    states: dict[str, Any] = {user: state for owner in owners for user, state in owner.people.items()}
    wakes = {user: at for owner in owners for user, at in owner.wakes.items()}
    forgotten_never = {user: state for user, state in states.items() if user not in wakes}
    duplicates = sum(owner.seen.duplicates for owner in owners)
    return Story(emitted, states, wakes, duplicates, until, forgotten_never, refused)
