"""`memory`: what a person and a message id hold in memory, and how long a shard of people takes to come back."""

from __future__ import annotations

import gc
import resource
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.case import Benchmark, Case, Options
from benchmarks.program import arguments, timed, told
from udfs.events import CLICK, Event
from udfs.seen import SeenIds
from udfs.time import HOUR, Millis

KINDS_OF_PEOPLE = 2_000
EVENTS_A_PERSON = 20
HOURS = 24


def cases(options: Options) -> list[Case]:
    people, ids = options.events or 200_000, options.events or 2_400_000
    program = ("benchmarks.memory", "--events", "{events}", "--of")
    return [
        *(
            Case("tidemark", f"people of {job}, read back", (*program, job), people, unit="people")
            for job in ("campaigns", "profiles")
        ),
        Case("tidemark", "message ids of a day, one by one", (*program, "ids"), ids, unit="ids"),
        Case("tidemark", "message ids of a day, as columns", (*program, "columns"), ids, unit="ids"),
    ]


BENCHMARK = Benchmark(
    "memory", "bytes of a resident person and of a message id; people read back into a shard", 2_400, cases
)


class Entries:
    """Flink's MapState as far as a shard reads it."""

    def __init__(self, entries: list[tuple[str, bytes]]) -> None:
        self._entries = entries

    def items(self) -> list[tuple[str, bytes]]:
        return self._entries

    def put(self, key: str, value: bytes) -> None:
        raise AssertionError(key)

    def remove(self, key: str) -> None:
        raise AssertionError(key)


def people(job: str, count: int) -> None:
    """Read so many people back; the bytes of stored state are there before and after."""
    from benchmarks.offline_operator import work_of
    from connectors.settings import Settings
    from connectors.state_format import FORMAT
    from udfs.operators.stored_shard import Meta, StoredShard

    work = work_of(job, Settings())
    rule, meta = work.rule(), Meta(FORMAT, 1_000, 16, 5_000)
    entries = list(_stored(job, count))
    before = _resident()
    shard, elapsed, cpu = timed(lambda: StoredShard(rule, work.state_type, Entries(entries), meta))
    held = _resident() - before
    again = [msgspec.msgpack.encode((shard.shard.people[key[2:]], shard.shard.wakes[key[2:]])) for key, _ in entries]
    told(
        elapsed,
        cpu,
        rows_equal=again == [value for _, value in entries],
        bytes_a_person=held / count,
        bytes_stored_a_person=sum(len(key) + len(value) for key, value in entries) / count,
        seconds_for_1_m=elapsed / count * 1e6,
    )


def _stored(job: str, count: int) -> Iterator[tuple[str, bytes]]:
    """The people of a small shop after twenty events each, under as many names as are needed."""
    from benchmarks.memory_driver import events_of
    from benchmarks.right_outputs import story

    events = events_of(min(count, KINDS_OF_PEOPLE) * EVENTS_A_PERSON)
    shop = story(job, events, max(event.at for event in events))
    kinds = [(state, shop.wakes[user]) for user, state in sorted(shop.states.items()) if user in shop.wakes]
    for number in range(count):
        state, wake_at = kinds[number % len(kinds)]
        user = f"u{number:07}"
        yield f"u:{user}", msgspec.msgpack.encode((msgspec.structs.replace(state, user=user), wake_at))


Hour = tuple[list[str], list[str], list[Millis]]


def ids(count: int, shape: Callable[[Hour], Any], take: Callable[[SeenIds, Any], int]) -> None:
    """A day of messages of which every twentieth comes again, an hour later and under another time."""
    hours = [_hour(number, max(count // HOURS, 20)) for number in range(HOURS)]
    told_as = [shape(hour) for hour in hours]

    def day() -> tuple[SeenIds, int]:
        seen, new = SeenIds(), 0
        for number, hour in enumerate(told_as):
            new += take(seen, hour)
            seen.fresh = []
            seen.close((number + 1) * HOUR)
        return seen, new

    (seen, new), elapsed, cpu = timed(day)
    expected = sum(len(set(messages)) for _, messages, _ in hours) - sum(len(again) for again in _repeated(hours))
    del seen
    tracemalloc.start()
    seen, _ = day()
    past = tracemalloc.get_traced_memory()[0]
    users, messages, ats = _hour(HOURS, len(hours[0][0]))
    running_hour = shape((users, messages, ats))
    before = tracemalloc.get_traced_memory()[0]
    take(seen, running_hour)
    seen.fresh = []
    running = tracemalloc.get_traced_memory()[0] - before
    told(
        elapsed,
        cpu,
        rows_equal=new == expected,
        us_an_id=cpu / sum(len(users) for users, _, _ in hours) * 1e6,
        bytes_a_past_id=past / new,
        bytes_an_id_of_this_hour=running / len(users),
    )


def _hour(number: int, size: int) -> Hour:
    """Every twentieth message is one of the hour before."""
    first = number * size
    names = [first + place if place % 20 or not number else first - size + place + 1 for place in range(size)]
    return (
        [f"u{name % 50_000:07}" for name in names],
        [f"m{name:012}-e2c1-4a8b" for name in names],
        [number * HOUR + place * HOUR // size for place in range(size)],
    )


def _repeated(hours: list[Hour]) -> Iterator[set[str]]:
    for (_, before, _), (_, messages, _) in pairwise(hours):
        yield set(before) & set(messages)


def as_events(hour: Hour) -> list[Event]:
    return [Event(user, at, CLICK, "Page Viewed", message) for user, message, at in zip(*hour, strict=True)]


def _resident() -> int:
    """Bytes of this process in memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    said: Any = arguments("of")
    if said.of == "ids":
        ids(said.events, as_events, lambda seen, events: len(seen.new_among(events)))
    elif said.of == "columns":
        ids(said.events, lambda hour: hour, lambda seen, hour: sum(seen.new_of(*hour)))
    else:
        people(said.of, said.events)


if __name__ == "__main__":
    main()
