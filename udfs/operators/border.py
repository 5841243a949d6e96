"""The border between the bytes of a tick and the values of the rules: events in, dead letters and records out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from connectors import dead_letters
from connectors.coordinates import TOPIC_SHIFT, unpack
from connectors.input_columns import read_columns
from connectors.input_events import read_event
from connectors.news_records import read_news
from connectors.raw_tick import RawTick
from connectors.records import Record
from connectors.rejected import Rejected
from connectors.topics import full_name, topic_of
from connectors.wire import encode
from udfs.events import Event, Kind
from udfs.news import News
from udfs.operators.counters import Counters
from udfs.outputs import Decision, SegmentChange, Trigger
from udfs.time import Millis

_KINDS = tuple(Kind)
_FIRST_NEWS = Kind.CAMPAIGN << TOPIC_SHIFT
Hear = Callable[[News], Rejected | None]

_TOPIC_OF: Mapping[type, str] = {Decision: "decisions", Trigger: "triggers", SegmentChange: "segment-changes"}


def _deaf(news: News) -> None:
    """News concern no job that reads none."""


class Border:
    """Reads ticks and writes outputs for one job under one topic namespace, counting what passes."""

    def __init__(self, job: str, namespace: str, counters: Counters) -> None:
        self._job = job
        self._namespace = namespace
        self._counters = counters

    def read(self, tick: RawTick, hear: Hear = _deaf, answers: bool = True) -> tuple[list[Event], list[Record]]:
        """The events of a tick in the order of the log, and a dead letter for each record that is none.

        News are told to `hear`. As every shard is told of them, only one of them `answers` for those that are refused.
        """
        events: list[Event] = []
        refused: list[Record] = []
        for key, value, coordinate, time, effective in sorted(zip(*tick, strict=True), key=_by_coordinate):
            kind = _KINDS[coordinate >> TOPIC_SHIFT]
            if coordinate < _FIRST_NEWS:
                event = read_event(kind, key, value, time, effective)
                if isinstance(event, Event):
                    events.append(event)
                    continue
                refusal: Rejected | None = event
            else:
                news = read_news(kind, key, value, time, effective, coordinate)
                refusal = hear(news) if isinstance(news, News) else news
                if not answers:
                    continue
            if refusal is None:
                self._counters.add("news")
            else:
                refused.append(self._dead_letter(key, value, coordinate, effective, refusal))
        self._counters.add("events", len(events))
        self._counters.add("late", sum(event.late for event in events))
        return events, refused

    def read_columns(self, tick: RawTick) -> tuple[pl.DataFrame, list[Event], list[Record]]:
        """The events of a large tick as columns, those that had to be read one by one, and dead letters."""
        frame, rest = read_columns(tick)
        self._counters.add("events", frame.height)
        self._counters.add("late", int((frame["at"] != frame["time"]).sum()))
        if not rest:
            return frame, [], []
        return frame, *self.read(tick.at_places(rest))

    def write(self, output: Any) -> Record:
        """The record that carries an output, under its person's key."""
        topic = _TOPIC_OF[type(output)]
        self._count(output)
        return Record(full_name(topic, self._namespace), output.user_id.encode(), encode(topic, output), output.at)

    def _count(self, output: Any) -> None:
        if isinstance(output, Decision):
            self._counters.add("decisions", outcome=output.outcome, reason=output.reason)
        elif isinstance(output, SegmentChange):
            self._counters.add("segment_changes", change=output.change)
        else:
            self._counters.add("triggers")

    def _dead_letter(
        self, key: bytes | None, value: bytes | None, coordinate: int, at: Millis, why: Rejected
    ) -> Record:
        self._counters.add("rejected", reason=why.reason.value)
        where = unpack(coordinate)
        topic = topic_of(where.topic).name
        letter = dead_letters.of_record(self._job, topic, where.partition, where.offset, key, value, at, why)
        return Record(
            full_name("dead-letters", self._namespace), letter["key"] or b"", encode("dead-letters", letter), at
        )


def _by_coordinate(record: tuple[Any, ...]) -> int:
    coordinate: int = record[2]
    return coordinate
