"""A shop with as many new people every day as the day before: how large a shard is at the end of each day.

`python -m tests.growth` prints the table of docs/decisions/066-nothing-grows-beyond-its-horizon.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

from connectors.config_files import read_config, read_texts
from connectors.state_format import FORMAT
from udfs.campaign_config import campaign_rule
from udfs.events import Event, Kind, Line
from udfs.operators.stored_shard import Meta, StoredShard
from udfs.person import Person
from udfs.profile_config import load
from udfs.profile_rule import ProfileRule
from udfs.profile_state import ProfileState
from udfs.time import DAY, HOUR, MINUTE, Millis

BEGIN: Millis = 1_790_726_400_000  # a midnight (UTC)
EVENTS_A_PERSON = 7


class Entries(dict[str, bytes]):
    """Flink's MapState as a dictionary, with its names for writing."""

    def put(self, key: str, value: bytes) -> None:
        self[key] = value

    def remove(self, key: str) -> None:
        self.pop(key, None)


class Size(NamedTuple):
    """Of a shard: people, their wake-ups, the heap behind them, message ids, entries of state and their bytes."""

    people: int
    wakes: int
    heap: int
    ids: int
    entries: int
    stored_bytes: int


def grow(job: str, people_a_day: int, days: int, quiet_days: int = 0) -> Iterator[Size]:
    """The size at the end of each of `days`, and of each of `quiet_days` behind them, on which nobody comes."""
    entries = Entries()
    stored = StoredShard(rule(job), Person if job == "campaigns" else ProfileState, entries, Meta(FORMAT, 1, 1, 1))
    coming: dict[int, list[Event]] = {}
    for day in range(days + quiet_days):
        for number in range(people_a_day if day < days else 0):
            for event in visit(f"u{day}-{number}", BEGIN + day * DAY + number * DAY // people_a_day):
                coming.setdefault(event.at // MINUTE, []).append(event)
        for minute in sorted(minute for minute in coming if minute * MINUTE < BEGIN + (day + 1) * DAY):
            tick(stored, coming.pop(minute), (minute + 1) * MINUTE - 1)
        tick(stored, [], BEGIN + (day + 1) * DAY - 1)
        yield size(stored, entries)


def rule(job: str) -> Any:
    return campaign_rule(read_config(), BEGIN, BEGIN) if job == "campaigns" else ProfileRule(load(read_texts()), BEGIN)


def visit(user: str, at: Millis) -> Iterator[Event]:
    """Somebody says yes to mails, looks around, leaves a cart, orders after an hour, and looks in again after a day."""
    mug = (Line("mug", name="Mug", price=1_290, quantity=1, category="kitchen"),)
    yield Event(user, at, Kind.PROFILE, "identify", f"{user}-0", traits={"consent": {"marketing": True}})
    for number, name in enumerate(("Product Viewed", "Product Viewed", "Product Added"), 1):
        kind = Kind.CART if name == "Product Added" else Kind.CLICK
        yield Event(user, at + number * MINUTE, kind, name, f"{user}-{number}", lines=mug, cart_id="c")
    yield Event(user, at + HOUR, Kind.ORDER, "Order Completed", f"{user}-4", lines=mug, order_id=user, total=1_290)
    for number in (5, 6):
        yield Event(user, at + DAY + number, Kind.CLICK, "Product Viewed", f"{user}-{number}", lines=mug)


def tick(stored: StoredShard, events: list[Event], until: Millis) -> None:
    stored.shard.tick(events, until)
    stored.save(until)


def size(stored: StoredShard, entries: Entries) -> Size:
    shard = stored.shard
    kept = sum(len(key) + len(value) for key, value in entries.items())
    return Size(len(shard.people), len(shard.wakes), len(shard._alarms), len(shard.seen), len(entries), kept)


def main() -> None:
    people_a_day, days = int(sys.argv[1]) if len(sys.argv) > 1 else 50, 420
    for job in ("campaigns", "profiles"):
        for day, told in enumerate(grow(job, people_a_day, days, 405), 1):
            if day in (1, 7, 200, 402, 409, days, days + 405):
                print(f"| {job} | {day} |", " | ".join(f"{figure:,}" for figure in told), "|")


if __name__ == "__main__":
    main()
