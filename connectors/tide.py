"""How far each input topic has been told of, and which one holds the tide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import OffsetSpec

from connectors.broker import partitions_of
from udfs.time import Millis


class Mark(NamedTuple):
    """The newest time (ms) that a topic's partition furthest behind has, heartbeats included; None if it is empty."""

    topic: str
    partition: int
    newest: Millis | None


def marks(kafka: str, topics: Iterable[str]) -> list[Mark]:
    """One mark for each topic, in the order given."""
    reader = KafkaConsumer(bootstrap_servers=kafka)
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        partitions = partitions_of(reader, topics)
        found = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.MAX_TIMESTAMP))
        times = {partition: told.timestamp if told.timestamp >= 0 else None for partition, told in found.items()}
        return [_furthest_behind(topic, times) for topic in dict.fromkeys(part.topic for part in partitions)]
    finally:
        admin.close()
        reader.close()


def holding(all_marks: Iterable[Mark], patience: Millis) -> list[Mark]:
    """The marks that lie more than `patience` ms behind the newest one: nothing after them can be decided yet."""
    known = list(all_marks)
    newest = max((mark.newest for mark in known if mark.newest is not None), default=None)
    if newest is None:
        return []
    return [mark for mark in known if mark.newest is None or newest - mark.newest > patience]


def stands_at(all_marks: Iterable[Mark], bound: Millis) -> Millis | None:
    """The tide (ms) once everything written has been read; None while a topic has told nothing."""
    times = [mark.newest for mark in all_marks]
    known = [time for time in times if time is not None]
    return min(known) - bound if known and len(known) == len(times) else None


def _furthest_behind(topic: str, times: Mapping[TopicPartition, Millis | None]) -> Mark:
    newest, partition = min(
        (-1 if at is None else at, part.partition) for part, at in times.items() if part.topic == topic
    )
    return Mark(topic, partition, None if newest < 0 else newest)
