"""The one Python operator of a job: it gives each complete tick to its shard and hands on the records of the answer.

Flink calls it once per shard and tick. A watermark may jump over many ticks, which then arrive before any timer
fires; so the shard runs its own wake-ups, and one Flink timer per shard is only the alarm for a quiet one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext, TimeDomain
from pyflink.datastream.state import MapStateDescriptor

from connectors.raw_tick import RawTick
from connectors.shard_labels import labels
from connectors.tick_chunks import unpack
from udfs.operators.counters import Counters
from udfs.operators.tick_shard import TickShard, Work
from udfs.time import SECOND, Millis

_BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
_RECORD = Types.ROW_NAMED(["topic", "k", "v", "ts"], [Types.STRING(), _BYTES, _BYTES, Types.LONG()])
OUTPUT = Types.ROW_NAMED(["records"], [Types.OBJECT_ARRAY(_RECORD)])
END_OF_TIME: Millis = (1 << 63) - 1
LOOK_EVERY: Millis = 4 * SECOND  # of the wall clock


class TickOperator(KeyedProcessFunction):  # type: ignore[misc]
    """Runs `work` on ticks; a bounded run decides nothing beyond `stop_at`, and none writes what lies up to `after`.

    The shards of a `watched` job are shown to readers, so they are called now and then although nothing happens, and
    each of them at `caught_up_at`. All in ms.
    """

    def __init__(
        self,
        work: Work,
        stop_at: Millis | None = None,
        after: Millis | None = None,
        watched: bool = False,
        caught_up_at: Millis | None = None,
    ) -> None:
        self._work = work
        self._stop_at = stop_at
        self._after = after
        self._watched = watched
        self._caught_up_at = caught_up_at

    def open(self, context: RuntimeContext) -> None:
        settings = self._work.settings
        self._tick = settings.tick
        self._counters = Counters(context.get_metrics_group())
        self._open_shard = self._work.shards(self._counters).open
        self._state = context.get_map_state(MapStateDescriptor("shard", Types.STRING(), _BYTES))
        self._shards: dict[int, TickShard] = {}
        self._alarms: dict[int, Millis] = {}
        self._numbers = {label: number for number, label in enumerate(labels(settings.shards))}

    def process_element(self, row: Row, ctx: KeyedProcessFunction.Context) -> Iterator[Row]:
        self._counters.add("ticks")
        tick = unpack(row[0])
        return self._run(ctx, tick, self._not_beyond_stop((tick.effective[0] // self._tick + 1) * self._tick - 1))

    def on_timer(self, timestamp: Millis, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Row]:
        self._alarms.pop(self._numbers[ctx.get_current_key()], None)
        tide = ctx.timer_service().current_watermark()
        complete = (tide + 1) // self._tick * self._tick - 1
        if tide == END_OF_TIME:
            complete = END_OF_TIME if self._stop_at is not None else timestamp
        if self._watched and ctx.time_domain() == TimeDomain.PROCESSING_TIME:
            self._look_again(ctx)
            return self._run(ctx, None, complete)
        return self._run(ctx, None, self._not_beyond_stop(max(complete, timestamp)))

    def _not_beyond_stop(self, until: Millis) -> Millis:
        return until if self._stop_at is None else min(until, self._stop_at)

    def _run(self, ctx: Any, tick: RawTick | None, until: Millis) -> Iterator[Row]:
        number = self._numbers[ctx.get_current_key()]
        shard = self._shards.get(number)
        if shard is None:
            shard = self._shards[number] = self._open_shard(number, self._state)
            self._watch(ctx)
        records = shard.take(tick, max(until, shard.until))
        if self._after is not None:
            records = [record for record in records if record.at > self._after]
        self._set_alarm(ctx, number, shard.next_alarm())
        if records:
            yield Row([Row(*record) for record in records])

    def _watch(self, ctx: Any) -> None:
        if self._caught_up_at is not None:
            ctx.timer_service().register_event_time_timer(self._caught_up_at)
        if self._watched and self._stop_at is None:
            self._look_again(ctx)

    def _look_again(self, ctx: Any) -> None:
        """A shard in which nothing happens is shown again before long, for its readers may have lost it."""
        timers = ctx.timer_service()
        # On a grid, so that the timers of a restored job and of a shard opened anew are the same.
        timers.register_processing_time_timer((timers.current_processing_time() // LOOK_EVERY + 1) * LOOK_EVERY)

    def _set_alarm(self, ctx: Any, number: int, due: Millis | None) -> None:
        """Ask Flink for a call at the last millisecond of the tick in which somebody must be woken."""
        if due is None or (self._stop_at is not None and due > self._stop_at):
            return
        alarm = (due // self._tick + 1) * self._tick - 1
        if alarm < self._alarms.get(number, END_OF_TIME):
            ctx.timer_service().register_event_time_timer(alarm)
            self._alarms[number] = alarm
