"""A stub of what Flink does around the tick operator: keyed state, timers, a watermark, checkpoints and a crash.

It keeps Flink's order: ticks that a watermark completes arrive before any timer sees that watermark, and after a crash
state, timers and input go back to the checkpoint, while the watermark is unknown until the next one comes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from pyflink.common import Row

from connectors.coordinates import TOPIC_SHIFT
from connectors.raw_tick import RawTick
from connectors.shard_labels import labels
from connectors.shards import shard_of
from connectors.tick_chunks import pack
from udfs.events import Kind
from udfs.operators.tick_operator import TickOperator
from udfs.time import Millis

BEFORE_TIME: Millis = -(1 << 63)


class Read(NamedTuple):
    """A record as the JVM hands it on: its place packed into a number, its Kafka time and its effective time."""

    key: bytes
    value: bytes | None
    coordinate: int
    at: Millis
    effective: Millis


class Tick(NamedTuple):
    """A complete tick of a shard; `end` is its last millisecond."""

    end: Millis
    label: int
    row: Row


def ticks_of(records: Iterable[Read], tick: Millis, shards: int) -> list[Tick]:
    """What the JVM makes of the records: a row for each tick and shard, in the order of time."""
    known, found = labels(shards), dict[tuple[Millis, int], list[Read]]()
    for record in records:
        everybody = record.coordinate >> TOPIC_SHIFT >= Kind.CAMPAIGN
        for label in known if everybody else (known[shard_of(record.key.decode(), shards)],):
            found.setdefault(((record.effective // tick + 1) * tick - 1, label), []).append(record)
    rows = {place: Row([pack(RawTick(*map(list, zip(*batch, strict=True))))]) for place, batch in found.items()}
    return [Tick(end, label, rows[end, label]) for end, label in sorted(rows)]


class StubFlink:
    """Runs operators made by `make` over `ticks`; `out` are the rows that would be committed."""

    def __init__(self, make: Callable[[], TickOperator], ticks: Sequence[Tick]) -> None:
        self.out: list[Any] = []
        self.states: dict[int, dict[str, bytes]] = {}
        self.timers: set[tuple[Millis, int]] = set()
        self._make, self._ticks, self._read = make, ticks, 0
        self.begin()
        self.checkpoint()

    def begin(self) -> None:
        """A new worker: nothing in memory."""
        self.watermark = BEFORE_TIME
        self.operator = self._make()
        self.operator.open(self)

    def advance(self, watermark: Millis) -> None:
        """Hand over what the watermark completes, then let it be seen."""
        while self._read < len(self._ticks) and self._ticks[self._read].end <= watermark:
            tick = self._ticks[self._read]
            self._read += 1
            self.key = tick.label
            self.out += self.operator.process_element(tick.row, self)
        self.watermark = watermark
        while due := [timer for timer in self.timers if timer[0] <= watermark]:
            timer = min(due)
            self.timers.remove(timer)
            self.key = timer[1]
            self.out += self.operator.on_timer(timer[0], self)

    def checkpoint(self) -> None:
        self._kept = copy.deepcopy((self.states, self.timers, self._read, len(self.out)))

    def crash(self) -> None:
        """Go back to the checkpoint; what was not committed is gone."""
        self.states, self.timers, self._read, committed = copy.deepcopy(self._kept)
        del self.out[committed:]
        self.begin()

    # What the operator asks of its contexts.

    def get_current_key(self) -> int:
        return self.key

    def timer_service(self) -> StubFlink:
        return self

    def current_watermark(self) -> Millis:
        return self.watermark

    def register_event_time_timer(self, at: Millis) -> None:
        self.timers.add((at, self.key))

    def get_map_state(self, descriptor: object) -> StubFlink:
        return self

    def items(self) -> Iterable[tuple[str, bytes]]:
        return list(self.states.get(self.key, {}).items())

    def put(self, key: str, value: bytes) -> None:
        self.states.setdefault(self.key, {})[key] = value

    def remove(self, key: str) -> None:
        self.states.get(self.key, {}).pop(key, None)

    def get_metrics_group(self) -> StubFlink:
        return self

    def add_group(self, *labels: str) -> StubFlink:
        return self

    def counter(self, name: str) -> StubFlink:
        return self

    def inc(self, by: int = 1) -> None:
        """Nobody reads the counters here."""
