"""Heartbeats say that a partition is complete up to their time: where they go, and which were written lately."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from kafka import KafkaProducer

from connectors import broker
from connectors.topics import HEARTBEAT_KEY, Topic, full_name
from connectors.wire import heartbeat
from udfs.time import Millis

TAIL = 500  # of what came since the last look, so many of a partition are read: a replay beats more often


class Lane(NamedTuple):
    """A partition (of a topic by its name on the broker) with the value that its heartbeats have."""

    topic: str
    value: bytes
    partition: int


class Heard(NamedTuple):
    """A heartbeat that somebody wrote, telling the time `at`."""

    topic: str
    partition: int
    at: Millis


def lanes(producer: KafkaProducer, topics: Iterable[Topic], namespace: str) -> list[Lane]:
    """Every partition of `topics` as the broker has them now; KafkaError if it does not say."""
    return [
        Lane(name, heartbeat(topic.subject), partition)
        for topic in topics
        for name in [full_name(topic.name, namespace)]
        for partition in sorted(producer.partitions_for(name))
    ]


class Ear:
    """Hears what is written to `topics` (names on the broker) from now on; KeyError names one that is not there."""

    def __init__(self, kafka: str, topics: Iterable[str]) -> None:
        self._reader = broker.consumer(kafka)
        self._heard: broker.Ends = self._reader.end_offsets(broker.partitions_of(self._reader, topics))

    def lately(self) -> list[Heard]:
        """The heartbeats since the last look, as far as they are among the newest records."""
        ends = self._reader.end_offsets(list(self._heard))
        starts = {partition: max(self._heard[partition], end - TAIL) for partition, end in ends.items()}
        records = broker.read_between(self._reader, starts, ends)
        heard = [Heard(one.topic, one.partition, one.timestamp) for one in records if one.key == HEARTBEAT_KEY]
        self._heard = ends
        return heard

    def close(self) -> None:
        self._reader.close()
