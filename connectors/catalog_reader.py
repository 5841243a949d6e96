"""What the catalog has said of products since some instant, as far as a last look needs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from connectors import broker, wire
from connectors.rejected import Rejected
from connectors.topics import HEARTBEAT_KEY, full_name
from udfs.sold_out import Product
from udfs.time import Millis

FRESH_S = 1.0


class CatalogReader:
    """Reads the topic from the first instant that is asked for, and then what comes; KafkaError, KeyError if it cannot.

    What was written a second (`FRESH_S`) before it is asked is known.
    """

    def __init__(self, kafka: str, namespace: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._reader = broker.consumer(kafka)
        self._partitions = broker.partitions_of(self._reader, [full_name("catalog", namespace)])
        self._clock = clock
        self._words = Words()
        self._since: Millis | None = None
        self._ends: dict[TopicPartition, int] = {}
        self._read_at = 0.0

    def sold_out(self, since: Millis) -> frozenset[Product]:
        """The products that were said to be sold out after `since` (ms) and not to be available again."""
        if self._since is None or since < self._since:
            self._since, self._words = since, Words()
            self._ends = self._begin(since)
        elif self._clock() - self._read_at < FRESH_S:
            return self._words.sold_out
        ends = self._reader.end_offsets(self._partitions)
        self._words.hear(broker.read_between(self._reader, self._ends, ends))
        self._ends, self._read_at = ends, self._clock()
        return self._words.sold_out

    def close(self) -> None:
        self._reader.close(autocommit=False)

    def _begin(self, since: Millis) -> dict[TopicPartition, int]:
        """The offset of the first record after `since`, or the end. What is late lies behind it in the log."""
        ends = self._reader.end_offsets(self._partitions)
        found = self._reader.offsets_for_times(dict.fromkeys(self._partitions, since + 1))
        return {one: hit.offset if (hit := found[one]) is not None else ends[one] for one in self._partitions}


class Words:
    """The last word on each product: of two the later one, of one instant the one that lies further in the log."""

    def __init__(self) -> None:
        self._said: dict[Product, tuple[Millis, bool]] = {}
        self.sold_out: frozenset[Product] = frozenset()

    def hear(self, records: Iterable[ConsumerRecord]) -> None:
        """In the order of the log; what is no word is the campaigns job's to refuse."""
        for record in records:
            read = wire.decode(record.value, "catalog") if record.key != HEARTBEAT_KEY else None
            if read is None or isinstance(read, Rejected):
                continue
            told = read[1]
            product = told["product_id"], told["variant"]
            if told["timestamp"] >= self._said.get(product, (0, True))[0]:
                self._said[product] = told["timestamp"], told["available"]
        self.sold_out = frozenset(product for product, (_, available) in self._said.items() if not available)
