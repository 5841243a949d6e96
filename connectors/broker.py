"""Kafka, as far as we use it: a safe producer, committed reads, ends, and the last event's time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from connectors.topics import HEARTBEAT_KEY
from udfs.time import Millis

POLL: Millis = 500
PATIENCE: Millis = 10_000
RESTART: Millis = 60_000  # a broker that is started again under load; ten seconds were too short for it
TAIL_RECORDS = 500

Ends = dict[TopicPartition, int]


def producer(bootstrap: str, **settings: Any) -> KafkaProducer:
    """A producer that loses and doubles nothing; `settings` are kafka-python's."""
    # gzip: kafka-python checksums in Python, so fewer bytes are faster bytes (19,000 records/s without, 50,000 with,
    # 2026-11-23); zstd is as fast, but Flink's connector brings no zstd.
    safe: dict[str, Any] = {
        "acks": "all",
        "enable_idempotence": True,
        "compression_type": "gzip",
        "linger_ms": 20,
        "batch_size": 128 * 1024,
        "bootstrap_timeout_ms": PATIENCE,
        "max_block_ms": RESTART,
    }
    return KafkaProducer(bootstrap_servers=bootstrap, **(safe | settings))


def consumer(bootstrap: str, group: str | None = None, **settings: Any) -> KafkaConsumer:
    """A consumer that sees committed records only, from the beginning, and commits only when told to."""
    careful: dict[str, Any] = {
        "isolation_level": "read_committed",
        "enable_auto_commit": False,
        "auto_offset_reset": "earliest",
        "bootstrap_timeout_ms": PATIENCE,
    }
    return KafkaConsumer(bootstrap_servers=bootstrap, group_id=group, **(careful | settings))


def partitions_of(reader: KafkaConsumer, topics: Iterable[str]) -> list[TopicPartition]:
    """All partitions of topics (names on the broker); KeyError names a topic that is not there."""
    found = []
    for topic in topics:
        numbers = reader.partitions_for_topic(topic)
        if not numbers:
            raise KeyError(topic)
        found += [TopicPartition(topic, number) for number in sorted(numbers)]
    return found


def end_offsets(bootstrap: str, topics: Iterable[str]) -> Ends:
    """The offset behind the last committed record of every partition."""
    reader = consumer(bootstrap)
    try:
        return dict(reader.end_offsets(partitions_of(reader, topics)))
    finally:
        reader.close()


def read_to_end(bootstrap: str, topics: Iterable[str]) -> Iterator[ConsumerRecord]:
    """Every committed record up to the ends that exist now, in offset order within a partition."""
    reader = consumer(bootstrap)
    try:
        ends = reader.end_offsets(partitions_of(reader, topics))
        yield from read_between(reader, reader.beginning_offsets(list(ends)), ends)
    finally:
        reader.close()


def follow(bootstrap: str, topics: Iterable[str], from_beginning: bool = True) -> Iterator[ConsumerRecord]:
    """Every committed record as it comes, for ever."""
    reader = consumer(bootstrap)
    try:
        partitions = partitions_of(reader, topics)
        reader.assign(partitions)
        reader.seek_to_beginning(*partitions) if from_beginning else reader.seek_to_end(*partitions)
        while True:
            for records in reader.poll(timeout_ms=POLL).values():
                yield from records
    finally:
        reader.close()


def read_between(reader: KafkaConsumer, starts: Ends, ends: Ends) -> Iterator[ConsumerRecord]:
    """Records of [start, end) of each partition; leaves the reader assigned to nothing."""
    waiting = {partition for partition in ends if starts[partition] < ends[partition]}
    reader.assign(list(waiting))
    for partition in waiting:
        reader.seek(partition, starts[partition])
    while waiting:
        for partition, records in reader.poll(timeout_ms=POLL).items():
            yield from (record for record in records if record.offset < ends[partition])
        # Markers of transactions are offsets without a record: only the position tells that a partition is read.
        done = {partition for partition in waiting if reader.position(partition) >= ends[partition]}
        if done:
            waiting -= done
            # Not paused: kafka-python 3.0.12 parks what it holds of a paused partition, and may never fetch it again.
            reader.assign(list(waiting))


def last_event_time(bootstrap: str, topics: Iterable[str], tail: int = TAIL_RECORDS) -> Millis | None:
    """The highest timestamp of all records that are no heartbeats, up to the ends of now; None if there are none.

    Exact without reading everything: the tails give a candidate; what is later than it can only lie at or behind the
    first offset that Kafka's time index names for candidate + 1, and that stretch is read until there is none.
    """
    reader = consumer(bootstrap)
    try:
        ends = reader.end_offsets(partitions_of(reader, topics))
        begins = reader.beginning_offsets(list(ends))
        tails = {partition: max(begins[partition], end - tail) for partition, end in ends.items()}
        latest = _latest(read_between(reader, tails, ends))
        later = _first_after(reader, ends, -1 if latest is None else latest)
        unread = {partition: tails[partition] for partition in later if later[partition] < tails[partition]}
        found = _latest(read_between(reader, later, unread)) if unread else None
        return max((at for at in (latest, found) if at is not None), default=None)
    finally:
        reader.close()


def _latest(records: Iterable[ConsumerRecord]) -> Millis | None:
    return max((int(record.timestamp) for record in records if record.key != HEARTBEAT_KEY), default=None)


def _first_after(reader: KafkaConsumer, ends: Ends, at: Millis) -> Ends:
    """The first offset of each partition whose record is later than `at`, where there is one below its end."""
    found = reader.offsets_for_times(dict.fromkeys(ends, at + 1))
    return {
        partition: hit.offset
        for partition, hit in found.items()
        if hit is not None and 0 <= hit.offset < ends[partition]
    }
