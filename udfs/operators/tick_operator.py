"""The one Python operator of a job: it gives each complete tick to its shard and hands on what the rule says.

Flink calls it once per shard and tick. A watermark may jump over many ticks, which then arrive before any timer
fires; so the shard runs its own wake-ups, and one Flink timer per shard is only the alarm for a quiet one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from pyflink.common import Row, Types
from pyflink.datastream import KeyedProcessFunction, RuntimeContext
from pyflink.datastream.state import MapStateDescriptor

from connectors.records import Record
from connectors.settings import Settings
from connectors.shard_labels import labels
from udfs.events import Event
from udfs.operators.border import Border
from udfs.operators.counters import Counters
from udfs.operators.stored_shard import FORMAT, Meta, StoredShard
from udfs.step import Rule
from udfs.time import Millis

_BYTES = Types.PRIMITIVE_ARRAY(Types.BYTE())
_RECORD = Types.ROW_NAMED(["topic", "k", "v", "ts"], [Types.STRING(), _BYTES, _BYTES, Types.LONG()])
OUTPUT = Types.ROW_NAMED(["records"], [Types.OBJECT_ARRAY(_RECORD)])
END_OF_TIME: Millis = (1 << 63) - 1


class View(Protocol):
    """Something that shows the shard's people to readers, one tick at a time."""

    def show(self, number: int, stored: StoredShard, changed: set[str], until: Millis) -> None: ...


class Work(Protocol):
    """What a job does in the operator; made anew in every worker by `open`."""

    @property
    def job(self) -> str: ...
    @property
    def state_type(self) -> type: ...
    @property
    def settings(self) -> Settings: ...
    def rule(self) -> Rule[Any, Event, Any]: ...
    def view(self, rule: Any) -> View | None: ...


class TickOperator(KeyedProcessFunction):  # type: ignore[misc]
    """Runs `work` on ticks; a bounded run decides nothing beyond `stop_at`."""

    def __init__(self, work: Work, stop_at: Millis | None = None) -> None:
        self._work = work
        self._stop_at = stop_at

    def open(self, context: RuntimeContext) -> None:
        settings = self._work.settings
        self._tick = settings.tick
        self._rule = self._work.rule()
        reads = getattr(self._rule, "reads", "")
        self._meta = Meta(FORMAT, settings.tick, settings.shards, settings.bound, reads)
        self._view = self._work.view(self._rule)
        self._counters = Counters(context.get_metrics_group())
        self._border = Border(self._work.job, settings.namespace, self._counters)
        self._state = context.get_map_state(MapStateDescriptor("shard", Types.STRING(), _BYTES))
        self._shards: dict[int, StoredShard] = {}
        self._alarms: dict[int, Millis] = {}
        self._numbers = {label: number for number, label in enumerate(labels(settings.shards))}

    def process_element(self, tick: Row, ctx: KeyedProcessFunction.Context) -> Iterator[Row]:
        events, rejected = self._border.read(tick)
        self._counters.add("ticks")
        until = self._not_beyond_stop((tick[4][0] // self._tick + 1) * self._tick - 1)
        return self._run(ctx, [event for event in events if event.at <= until], until, rejected)

    def on_timer(self, timestamp: Millis, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Row]:
        self._alarms.pop(self._numbers[ctx.get_current_key()], None)
        tide = ctx.timer_service().current_watermark()
        complete = (tide + 1) // self._tick * self._tick - 1
        if tide == END_OF_TIME:
            complete = END_OF_TIME if self._stop_at is not None else timestamp
        return self._run(ctx, (), self._not_beyond_stop(max(complete, timestamp)), [])

    def _not_beyond_stop(self, until: Millis) -> Millis:
        return until if self._stop_at is None else min(until, self._stop_at)

    def _run(self, ctx: Any, events: Iterable[Event], until: Millis, rejected: list[Record]) -> Iterator[Row]:
        number = self._numbers[ctx.get_current_key()]
        stored = self._shards.get(number) or self._open_shard(number)
        shard = stored.shard
        duplicates = shard.seen.duplicates
        outputs = shard.tick(events, max(until, stored.until))
        self._counters.add("duplicates", shard.seen.duplicates - duplicates)
        changed = shard.changed
        stored.save(max(until, stored.until))
        if self._view:
            self._view.show(number, stored, changed, stored.until)
        self._set_alarm(ctx, number, shard.next_alarm())
        records = rejected + [self._border.write(output) for output in outputs]
        if records:
            yield Row([Row(*record) for record in records])

    def _open_shard(self, number: int) -> StoredShard:
        stored = StoredShard(self._rule, self._work.state_type, self._state, self._meta)
        self._shards[number] = stored
        return stored

    def _set_alarm(self, ctx: Any, number: int, due: Millis | None) -> None:
        """Ask Flink for a call at the last millisecond of the tick in which somebody must be woken."""
        if due is None or (self._stop_at is not None and due > self._stop_at):
            return
        alarm = (due // self._tick + 1) * self._tick - 1
        if alarm < self._alarms.get(number, END_OF_TIME):
            ctx.timer_service().register_event_time_timer(alarm)
            self._alarms[number] = alarm
