"""A shard that readers look at is called although nothing happens in it, and what was written is not written again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pyflink.datastream import TimeDomain

from connectors.raw_tick import RawTick
from connectors.records import Record
from connectors.settings import Settings
from connectors.shard_labels import labels
from connectors.tick_chunks import pack
from udfs.operators.counters import Counters
from udfs.operators.tick_operator import LOOK_EVERY, TickOperator
from udfs.operators.tick_shard import Mapping
from udfs.time import Millis

SETTINGS = Settings(tick=1_000, shards=2)
TICK = ([pack(RawTick([b"u"], [b""], [0], [5_500], [5_500]))],)


@dataclass
class Heard:
    """A shard that says one record a call, for the millisecond up to which it was asked."""

    until: Millis = 0
    asked: list[Millis] = field(default_factory=list)

    def take(self, tick: RawTick | None, until: Millis) -> list[Record]:
        self.until = until
        self.asked.append(until)
        return [Record("decisions", b"u", b"", until)]

    def next_alarm(self) -> Millis | None:
        return None


@dataclass
class OneShard:
    """The work of a job with a single shard, which is also Flink around it."""

    settings: Settings = SETTINGS
    shard: Heard = field(default_factory=Heard)
    watermark: Millis = 0
    domain: TimeDomain = TimeDomain.EVENT_TIME
    event_timers: list[Millis] = field(default_factory=list)
    wall_timers: list[Millis] = field(default_factory=list)

    def shards(self, counters: Counters) -> OneShard:
        return self

    def open(self, number: int, stored: Mapping) -> Heard:
        return self.shard

    def get_metrics_group(self) -> Any:
        return self

    def add_group(self, *_: str) -> Any:
        return self

    def counter(self, _: str) -> Any:
        return self

    def inc(self, by: int) -> None:
        """Nobody reads the counters here."""

    def get_map_state(self, _: object) -> Any:
        return None

    def get_current_key(self) -> int:
        return labels(SETTINGS.shards)[0]

    def timer_service(self) -> OneShard:
        return self

    def time_domain(self) -> TimeDomain:
        return self.domain

    def current_watermark(self) -> Millis:
        return self.watermark

    def current_processing_time(self) -> Millis:
        return 10 * LOOK_EVERY + 1

    def register_event_time_timer(self, at: Millis) -> None:
        self.event_timers.append(at)

    def register_processing_time_timer(self, at: Millis) -> None:
        self.wall_timers.append(at)


def opened(around: OneShard, **said: Any) -> TickOperator:
    operator = TickOperator(around, **said)
    operator.open(around)
    return operator


def test_a_watched_shard_is_looked_at_up_to_the_tide_again_and_again() -> None:
    """Whatever Redis has lost comes back before anything happens to its people."""
    around = OneShard()
    operator = opened(around, watched=True)
    list(operator.process_element(TICK, around))
    assert around.wall_timers == [11 * LOOK_EVERY]
    around.watermark, around.domain = 9_500, TimeDomain.PROCESSING_TIME
    list(operator.on_timer(11 * LOOK_EVERY, around))
    assert around.shard.asked == [5_999, 8_999]
    assert len(around.wall_timers) == 2


def test_a_look_before_the_tide_is_known_decides_nothing_new() -> None:
    """After a restore the watermark is unknown for a while."""
    around = OneShard(shard=Heard(until=7_999), watermark=-(1 << 63), domain=TimeDomain.PROCESSING_TIME)
    list(opened(around, watched=True).on_timer(4_000, around))
    assert around.shard.asked == [7_999]


def test_nobody_looks_at_a_bounded_run_or_at_the_campaigns() -> None:
    """The one is soon over, the other shows nothing."""
    for said in ({"watched": True, "stop_at": 90_000}, {}):
        around = OneShard()
        list(opened(around, **said).process_element(TICK, around))
        assert around.wall_timers == []


def test_every_shard_is_called_where_readers_are_to_change_over() -> None:
    """A shard in which nothing happens would hold up the change for ever."""
    around = OneShard()
    list(opened(around, watched=True, caught_up_at=8_500).process_element(TICK, around))
    assert around.event_timers == [8_500]


def test_what_was_decided_up_to_a_time_is_not_written_again() -> None:
    """The shard decides it all the same, for what comes later follows from it."""
    around = OneShard()
    operator = opened(around, after=5_999)
    assert list(operator.process_element(TICK, around)) == []
    around.watermark = 9_500
    (row,) = operator.on_timer(7_999, around)
    assert [record[3] for record in row[0]] == [8_999]
