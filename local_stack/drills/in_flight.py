"""How much work lies in transactions that are still open, asked quickly enough to break something at that moment."""

from __future__ import annotations

from kafka.errors import KafkaError

from connectors import broker
from local_stack.drills.scene import Scene


class InFlight:
    """Two readers that stay connected: one sees all offsets of `topics`, the other only what is committed."""

    def __init__(self, scene: Scene, *topics: str) -> None:
        kafka = scene.addresses.kafka
        self._all = broker.consumer(kafka, isolation_level="read_uncommitted")
        self._committed = broker.consumer(kafka)
        self._partitions = broker.partitions_of(self._all, scene.names(*topics))

    def offsets(self) -> int:
        """Offsets behind what is committed, at least; 0 if no broker answers."""
        try:
            ends = self._all.end_offsets(self._partitions)
            return int(sum(ends.values()) - sum(self._committed.end_offsets(self._partitions).values()))
        except KafkaError:
            return 0

    def close(self) -> None:
        self._all.close()
        self._committed.close()
