"""Kafka as the render service uses it: triggers in, `sends` out, and both moved on in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import KafkaError
from kafka.structs import OffsetAndMetadata

from connectors import broker, wire
from connectors.rejected import Rejected
from connectors.topics import HEARTBEAT_KEY, full_name
from render_service.sends import Send
from udfs.time import Millis

POLL_MS = 250
CLOSE_S = 5
MOST_AT_ONCE = 100


class ShutOutError(Exception):
    """Another service works on these topics now; this one may no longer write."""


class Journal:
    """One service at a time: a second one takes the place of the first, which Kafka then refuses.

    Partitions are assigned by hand, so there is no group to rebalance; the offsets lie under the group's name.
    Heartbeats on `sends` run `ahead` ms of the tide; without it there are none.
    """

    def __init__(self, bootstrap: str, namespace: str, ahead: Millis | None = None) -> None:
        self._ahead = ahead
        self._beaten: Millis | None = None
        self._group = full_name("render", namespace)
        self._triggers = full_name("triggers", namespace)
        self._sends = full_name("sends", namespace)
        self._bootstrap = bootstrap
        # Before anything is read: this ends what a predecessor left open, and shuts it out.
        self._producer: KafkaProducer = broker.producer(
            bootstrap, transactional_id=self._group, linger_ms=0, compression_type=None
        )
        self._producer.init_transactions()
        self._consumer: KafkaConsumer = broker.consumer(bootstrap, self._group, max_poll_records=MOST_AT_ONCE)
        self._partitions = broker.partitions_of(self._consumer, [self._triggers])
        self._consumer.assign(self._partitions)
        self._next: dict[TopicPartition, int] = {}
        self._held: dict[TopicPartition, set[int]] = {}
        self._committed: dict[TopicPartition, int] = {}

    def past(self) -> Iterator[Send]:
        """All of `sends` up to now, in order within a partition."""
        for record in broker.read_to_end(self._bootstrap, [self._sends]):
            read = wire.decode(record.value, "sends")
            if not isinstance(read, Rejected):
                yield msgspec.convert(read[1], Send)

    def poll(self) -> list[ConsumerRecord]:
        """The next triggers, committed ones only; empty after a quarter of a second without any."""
        polled = self._consumer.poll(timeout_ms=POLL_MS)
        return [record for records in polled.values() for record in records]

    def took(self, record: ConsumerRecord) -> None:
        """Count a trigger as taken in; `write` makes it last."""
        where = TopicPartition(record.topic, record.partition)
        self._next[where] = max(record.offset + 1, self._next.get(where, 0))
        self._held.setdefault(where, set()).discard(record.offset)

    def hold(self, record: ConsumerRecord) -> None:
        """Let a restart come back to this trigger, whatever was taken in behind it."""
        self._held.setdefault(TopicPartition(record.topic, record.partition), set()).add(record.offset)

    def write(self, sends: Sequence[Send]) -> None:
        """Records and the offsets of all triggers taken so far, both or neither; ShutOutError if not ours to write."""
        offsets = {where: min({offset, *self._held.get(where, ())}) for where, offset in self._next.items()}
        changed = {where: offset for where, offset in offsets.items() if self._committed.get(where) != offset}
        if not sends and not changed:
            return
        try:
            self._commit(sends, changed)
        except KafkaError as error:
            # kafka-python wraps the reason into the text of a plain KafkaError.
            if any(name in repr(error) for name in ("ProducerFenced", "InvalidProducerEpoch")):
                raise ShutOutError from error
            raise
        self._committed |= changed

    def _commit(self, sends: Sequence[Send], changed: Mapping[TopicPartition, int]) -> None:
        self._producer.begin_transaction()
        for one in sends:
            self._producer.send(
                self._sends, key=one.user_id.encode(), value=wire.encode("sends", one), timestamp_ms=one.at
            )
        if changed:
            reached = {where: OffsetAndMetadata(offset, "", -1) for where, offset in changed.items()}
            self._producer.send_offsets_to_transaction(reached, self._group)
        self._producer.commit_transaction()

    def beat(self, tide: Millis | None) -> None:
        """Tell whoever reads `sends` that it is complete up to `tide` (ms): what follows is stamped no earlier."""
        if self._ahead is None or tide is None or (self._beaten is not None and tide <= self._beaten):
            return
        self._producer.begin_transaction()
        for partition in sorted(self._producer.partitions_for(self._sends)):
            self._producer.send(
                self._sends,
                key=HEARTBEAT_KEY,
                value=wire.heartbeat("sends"),
                partition=partition,
                timestamp_ms=tide + self._ahead,
            )
        self._producer.commit_transaction()
        self._beaten = tide

    def lag(self) -> int:
        """Triggers that lie on the topic and were not taken in yet."""
        ends = self._consumer.end_offsets(self._partitions)
        return sum(max(0, end - self._consumer.position(where)) for where, end in ends.items())

    def close(self) -> None:
        self._consumer.close(autocommit=False)
        self._producer.close(timeout=CLOSE_S)
