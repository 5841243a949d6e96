"""Decisions and triggers as plain facts to be compared, and what to say when two sets of them differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from udfs.time import Millis


class Decided(NamedTuple):
    """What was decided on one step for one cart; `at` in ms."""

    campaign: str
    step: int
    user: str
    cart_id: str
    at: Millis
    outcome: str
    reason: str


class Triggered(NamedTuple):
    """A mail to send: `items` are (cart, product, variant, pieces, price of one), `value` in minor units."""

    user: str
    cart_id: str
    step: int
    at: Millis
    value: int
    items: frozenset[tuple[str, str, str | None, int, int]]


Fact = TypeVar("Fact", Decided, Triggered)


@dataclass(frozen=True, slots=True)
class Expected:
    """All decisions and triggers of a run; nothing may be there twice, so sets lose nothing."""

    decisions: frozenset[Decided]
    triggers: frozenset[Triggered]

    def by_reason(self) -> Counter[tuple[int, str, str]]:
        """How many decisions of each (step, outcome, reason)."""
        return Counter((told.step, told.outcome, told.reason) for told in self.decisions)


def collect(decisions: Iterable[dict[str, Any]], triggers: Iterable[dict[str, Any]]) -> Expected:
    """Decisions and triggers as they stand in their topics; AssertionError if one of them is there twice."""
    decided = _once([_decided(record) for record in decisions])
    triggered = _once([_triggered(record) for record in triggers])
    return Expected(decided, triggered)


def difference(found: Expected, expected: Expected, most: int = 6) -> str:
    """What is missing and what is too much, by person and time; empty if all of them are equal."""
    lines = [
        *_lines("decision", found.decisions, expected.decisions, most),
        *_lines("trigger", found.triggers, expected.triggers, most),
    ]
    return "\n".join(lines)


def _lines(what: str, found: frozenset[Fact], expected: frozenset[Fact], most: int) -> list[str]:
    told: list[str] = []
    for word, facts in (("missing", expected - found), ("unexpected", found - expected)):
        told += [f"{len(facts)} {what}s {word}"] if facts else []
        told += [f"  {word}: {_moment(fact.at)} {fact}" for fact in sorted(facts, key=_by_person)[:most]]
    return told


def _by_person(fact: Decided | Triggered) -> tuple[str, Millis, int]:
    return fact.user, fact.at, fact.step


def _moment(at: Millis) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%m-%d %H:%M:%S.%f}"[:-3]


def _once(facts: list[Fact]) -> frozenset[Fact]:
    twice = [fact for fact, times in Counter(facts).items() if times > 1]
    assert not twice, f"{len(twice)} are there twice, such as {twice[0]}"
    return frozenset(facts)


def _decided(record: dict[str, Any]) -> Decided:
    keys = ("campaign", "step", "user_id", "cart_id", "at", "outcome", "reason")
    return Decided(*(record[key] for key in keys))


def _triggered(record: dict[str, Any]) -> Triggered:
    keys = ("cart_id", "product_id", "variant", "quantity", "price")
    items = [tuple(item[key] for key in keys) for item in record["items"]]
    user, cart, step, at, value = (record[key] for key in ("user_id", "cart_id", "step", "at", "value"))
    return Triggered(user, cart, step, at, value, frozenset(items))
