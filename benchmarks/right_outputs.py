"""What a job must say about events: the memory driver's answer, which tests hold to be Flink's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from benchmarks.offline_operator import work_of
from benchmarks.tick_rows import ShardRow
from connectors.coordinates import TOPIC_SHIFT
from connectors.input_events import read_event
from connectors.settings import Settings
from connectors.tick_chunks import unpack
from connectors.wire import encode
from udfs.events import Event, Kind
from udfs.memory_driver import Story, drive
from udfs.outputs import Decision, SegmentChange, Trigger
from udfs.time import MINUTE, Millis

TOPIC_OF: dict[type, str] = {Decision: "decisions", Trigger: "triggers", SegmentChange: "segment-changes"}
Said = Counter[tuple[str, bytes]]


def story(
    job: str,
    events: Iterable[Event],
    stop_at: Millis,
    tick: Millis = MINUTE,
    shards: int = 4,
    without: str = "",
    campaigns: int = 0,
) -> Story[Any, Any]:
    """The whole run of a job with all shipped rules, but for one file, or with so many generated campaigns."""
    return drive(work_of(job, Settings(), without, campaigns).rule(), events, stop_at, tick, shards)


def said(job: str, events: Iterable[Event], stop_at: Millis, campaigns: int = 0) -> tuple[Said, int]:
    """Topic and value of every output record, with how often it is there; and how many people are remembered."""
    run = story(job, events, stop_at, campaigns=campaigns)
    topics = ((TOPIC_OF[type(output)], output) for output in run.emitted)
    return Counter((topic, encode(topic, output)) for topic, output in topics), len(run.states)


def events_in(ticks: Iterable[ShardRow]) -> list[Event]:
    """The events of operator rows; a record that is none is left out."""
    read = [
        read_event(Kind(coordinate >> TOPIC_SHIFT), key, value, time, effective)
        for _, row in ticks
        for key, value, coordinate, time, effective in zip(*unpack(row[0]), strict=True)
    ]
    return [event for event in read if isinstance(event, Event)]
