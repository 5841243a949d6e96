"""Heartbeats by the wall clock, a second apart in every partition, for a drill that takes them from a topic."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from connectors import broker
from connectors.topics import HEARTBEAT_KEY, INPUTS
from connectors.wire import heartbeat
from local_stack.drills.scene import Scene

EVERY_S = 1.0


class Heart:
    """Beats on a thread of its own while it is used in a `with`; topics in `deaf` get no heartbeat."""

    def __init__(self, scene: Scene) -> None:
        self.deaf: set[str] = set()
        self._scene = scene
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heart", daemon=True)

    def rest(self) -> None:
        """Beat no more."""
        self._over.set()
        self._thread.join(timeout=10)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rest()

    def _beat(self) -> None:
        producer = broker.producer(self._scene.addresses.kafka)
        while not self._over.wait(EVERY_S):
            now = time.time_ns() // 1_000_000
            for topic in INPUTS:
                (name,) = self._scene.names(topic.name)
                for partition in () if topic.name in self.deaf else sorted(producer.partitions_for(name)):
                    producer.send(name, heartbeat(topic.subject), HEARTBEAT_KEY, partition=partition, timestamp_ms=now)
        producer.flush()
        producer.close()
