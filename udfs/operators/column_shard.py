"""A shard in the operator that folds columns: few events of a tick one by one, many of them at once, the same answers.

t:<tick>    what that tick added to windows and sessions, as msgpack; gone once nothing can ask for it
d:...       message ids (stored_ids.py)
meta        what the state was written with, as for rules
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec
import polars as pl

from connectors.raw_tick import RawTick
from connectors.records import Record
from connectors.settings import SettingError, Settings
from connectors.state_format import FORMAT
from udfs.columns.activity import Activity, ActivityOfShard, Kept, SessionsEnded, WindowEnded
from udfs.columns.counted import NOBODY, Counted
from udfs.events import Event
from udfs.operators.border import Border
from udfs.operators.counters import Counters
from udfs.operators.stored_ids import StoredIds
from udfs.operators.stored_shard import Meta
from udfs.operators.tick_shard import Mapping
from udfs.time import Millis

LARGE = 150  # records of a tick from which columns are faster
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode

Write = Callable[[WindowEnded | SessionsEnded, int, Millis], list[Record]]


class ColumnWork(Protocol):
    """A job that folds columns; `write` makes records of an output of a shard, `until` being where it stands."""

    @property
    def job(self) -> str: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def activity(self) -> Activity: ...
    def write(self, output: WindowEnded | SessionsEnded, shard: int, until: Millis) -> list[Record]: ...


class ColumnShards:
    """Makes the shards of one worker; SettingError if a tick could hold the end of a slide or of a session."""

    def __init__(self, work: ColumnWork, counters: Counters) -> None:
        settings, activity = work.settings, work.activity
        if activity.slide % settings.tick or activity.gap < settings.tick:
            raise SettingError(f"a tick of {settings.tick} ms does not fit slides of {activity.slide} ms")
        self.activity = activity
        self.write = work.write
        self.border = Border(work.job, settings.namespace, counters)
        self.counters = counters
        self.tick = settings.tick
        self._meta = Meta(FORMAT, settings.tick, settings.shards, settings.bound, repr(activity))

    def open(self, number: int, stored: Mapping) -> ColumnShard:
        return ColumnShard(self, number, stored, self._meta)


class ColumnShard:
    """A `TickShard` of windows and sessions."""

    def __init__(self, shared: ColumnShards, number: int, mapping: Mapping, made_with: Meta) -> None:
        self.until: Millis = 0
        self._shared = shared
        self._number = number
        self._mapping = mapping
        self._meta = made_with
        self._ids = StoredIds(mapping)
        self._activity = ActivityOfShard(shared.activity)
        self._kept: list[Millis] = []
        self._load()

    def take(self, tick: RawTick | None, until: Millis) -> list[Record]:
        people, refused = self._read(tick, until) if tick else (NOBODY, [])
        begin = until // self._shared.tick * self._shared.tick
        records = refused
        for output in self._activity.tick(people, begin, until):
            records += self._shared.write(output, self._number, until)
        self._save(until)
        return records

    def next_alarm(self) -> Millis | None:
        return self._activity.next_due()

    def _read(self, tick: RawTick, until: Millis) -> tuple[Counted, list[Record]]:
        before = self._ids.seen.duplicates
        if len(tick.values) < LARGE:
            events, refused = self._shared.border.read(tick)
            people = self._of_few(events, until)
        else:
            frame, events, refused = self._shared.border.read_columns(tick)
            people = self._of_many(_with(frame, events), until)
        self._shared.counters.add("duplicates", self._ids.seen.duplicates - before)
        return people, refused

    def _of_few(self, events: list[Event], until: Millis) -> Counted:
        events.sort(key=_in_order)
        fresh = self._ids.seen.new_among(event for event in events if event.at <= until)
        return self._shared.activity.measures.of_events(fresh)

    def _of_many(self, frame: pl.DataFrame, until: Millis) -> Counted:
        if frame.height and frame["at"][-1] > until:
            frame = frame.filter(pl.col("at") <= until)
        users, ids, ats = (frame[name].to_list() for name in ("user", "message_id", "at"))
        fresh = self._ids.seen.new_of(users, ids, ats)
        return self._shared.activity.measures.of_columns(frame if all(fresh) else frame.filter(pl.Series(fresh)))

    def _save(self, until: Millis) -> None:
        self._ids.save(until)
        if self._activity.kept:
            self._mapping.put(f"t:{until}", _encode(self._activity.kept))
            self._kept.append(until)
        while self._kept and self._kept[0] + self._shared.activity.memory <= until:
            self._mapping.remove(f"t:{self._kept.pop(0)}")
        self.until = until
        self._mapping.put("meta", _encode(msgspec.structs.replace(self._meta, until=until)))

    def _load(self) -> None:
        kept: list[Kept] = []
        ids: list[tuple[str, bytes]] = []
        for key, value in self._mapping.items():
            stored = bytes(value)
            if key.startswith("t:"):
                kept.append(_decode(stored))
                self._kept.append(int(key[2:]))
            elif key.startswith("d:"):
                ids.append((key, stored))
            else:
                self.until = self._meta.check(stored)
        self._ids.restore(ids)
        self._kept.sort()
        self._activity.restore(kept, self.until)


def _in_order(event: Event) -> tuple[Millis, int]:
    return event.at, event.kind


def _with(frame: pl.DataFrame, events: list[Event]) -> pl.DataFrame:
    """The frame, and among it the events that were read one by one."""
    if not events:
        return frame
    more = [(event.user, event.at, event.kind, event.at, event.name, event.message_id) for event in events]
    alone = pl.DataFrame(more, schema=frame.schema, orient="row")
    return pl.concat([frame, alone]).sort("at", "kind", maintain_order=True)
