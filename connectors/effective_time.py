"""When a record counts: its own time, or just behind the mark that its partition had passed already."""

from __future__ import annotations

from udfs.time import Millis


class Marks:
    """The highest time seen in each partition, told in the order of its offsets; the same sum as in flink_input."""

    def __init__(self, bound: Millis) -> None:
        self.bound = bound
        self._highest: dict[tuple[str, int], Millis] = {}

    def effective(self, topic: str, partition: int, at: Millis) -> Millis:
        """The effective time of a record with Kafka timestamp `at`; a heartbeat counts as well."""
        highest = max(self._highest.get((topic, partition), at), at)
        self._highest[topic, partition] = highest
        return max(at, highest - self.bound + 1)

    def tide(self) -> Millis | None:
        """The watermark over the partitions seen so far; None before the first record."""
        return min(self._highest.values()) - self.bound if self._highest else None
