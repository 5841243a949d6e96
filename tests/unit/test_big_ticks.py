"""A tick of tens of thousands of events, a tenth of them one person's, is decided as the same events in small ticks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from tests.growth import rule
from udfs.events import Event, Kind, Line
from udfs.memory_driver import drive
from udfs.time import HOUR, MINUTE, SECOND, Millis

BEGIN: Millis = 1_790_726_400_000
MUG = (Line("mug", name="Mug", price=1_290, quantity=1, category="kitchen"),)
WHAT = (
    *[(Kind.CLICK, "Product Viewed")] * 30,
    *[(Kind.CART, "Product Added")] * 9,
    (Kind.ORDER, "Order Completed"),
)


def busy_minute(count: int, seed: int) -> list[Event]:
    dice, events = Random(seed), []
    for number in range(count):
        user = "everywhere" if number % 10 == 0 else f"u{dice.randrange(3_000)}"
        kind, name = dice.choice(WHAT)
        told = {"order_id": f"o{number}", "total": 1_290} if kind is Kind.ORDER else {"cart_id": "c"}
        events.append(Event(user, BEGIN + dice.randrange(MINUTE), kind, name, f"m{number}", lines=MUG, **told))
    return events


def by_person(outputs: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for output in outputs:
        found[output.user_id].append(output)
    return found


@pytest.mark.parametrize(("job", "count"), [("campaigns", 50_000), ("profiles", 10_000)])
def test_a_busy_minute_at_once_and_by_the_second(job: str, count: int) -> None:
    """In another order of arrival, with a thousand events twice, over other shards."""
    events = busy_minute(count, seed=11)
    disturbed = events + events[:1_000]
    Random(12).shuffle(disturbed)
    at_once = drive(rule(job), events, BEGIN + HOUR, tick=MINUTE, shards=1)
    by_second = drive(rule(job), disturbed, BEGIN + HOUR, tick=SECOND, shards=5)
    assert by_second.duplicates == 1_000
    assert len(at_once.emitted) > 1_000
    assert by_person(at_once.emitted) == by_person(by_second.emitted)
    assert at_once.wakes == by_second.wakes
