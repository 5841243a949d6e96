"""A second reader of committed records that reads on while things break: what it saw once must stand for ever."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import NamedTuple, Self

from kafka.errors import KafkaError

from connectors import broker
from local_stack.drills.scene import Scene
from udfs.time import Millis

POLL: Millis = 200


class Place(NamedTuple):
    """Where a record lies."""

    topic: str
    partition: int
    offset: int


class Heard(NamedTuple):
    """A record's own time, and that of the wall clock when it was read; both in ms."""

    at: Millis
    heard: Millis


class Witness:
    """Reads `topics` of a scene on a thread of its own while it is used in a `with`."""

    def __init__(self, scene: Scene, *topics: str, isolation_level: str = "read_committed") -> None:
        self.seen: dict[Place, bytes] = {}
        self._heard: list[Heard] = []
        self._isolation_level = isolation_level
        self._scene = scene
        self._names = scene.names(*topics)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, name="witness", daemon=True)

    def count(self) -> int:
        return len(self.seen)

    def heard(self) -> list[Heard]:
        """When each record was for, and when it came."""
        return self._heard.copy()

    def contradicted(self) -> int:
        """How many records it saw that a reader who comes now does not find so, or does not see at all."""
        found = {
            Place(record.topic, record.partition, record.offset): record.value
            for record in broker.read_to_end(self._scene.addresses.kafka, self._names)
        }
        return sum(found.get(place) != value for place, value in self.seen.copy().items())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=10)

    def _read(self) -> None:
        reader = broker.consumer(self._scene.addresses.kafka, isolation_level=self._isolation_level)
        partitions = broker.partitions_of(reader, self._names)
        reader.assign(partitions)
        reader.seek_to_beginning(*partitions)
        while not self._over.is_set():
            try:
                told = reader.poll(timeout_ms=POLL)
            except KafkaError:  # the broker is away: this is what the drill is about
                continue
            for records in told.values():
                now = time.time_ns() // 1_000_000
                self._heard += [Heard(record.timestamp, now) for record in records]
                for record in records:
                    self.seen[Place(record.topic, record.partition, record.offset)] = record.value
        reader.close()
