"""Brings seeded records to the input topics of a namespace, once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from kafka import KafkaAdminClient
from kafka.record import util

from benchmarks.runner import BenchmarkError, say
from benchmarks.servers import STACK
from benchmarks.shop_input import Sent
from connectors import broker
from connectors.topics import HEARTBEAT_KEY, KEPT, full_name
from connectors.wire import heartbeat
from local_stack import topic_set

CHUNK = 100_000
DELETED_WITHIN_S = 30


def load(kafka: str, namespace: str, made: Callable[[], Iterable[Sent]]) -> None:
    """Write the records in their order, and behind them a heartbeat in every partition; nothing if that was done."""
    done = STACK / "loaded" / namespace
    if done.is_file():
        return
    say(f"Loading {namespace} into Kafka ...")
    clear(kafka, namespace)
    topic_set.create(kafka, namespace, "replay")
    checksum_fast()
    producer = broker.producer(kafka, linger_ms=100, batch_size=512 * 1024)
    last = count = 0
    for count, sent in enumerate(made(), 1):
        producer.send(full_name(sent.topic, namespace), sent.value, sent.key, timestamp_ms=sent.at)
        last = max(last, sent.at)
        if count % CHUNK == 0:
            producer.flush()
    for topic in KEPT:
        name = full_name(topic.name, namespace)
        for partition in sorted(producer.partitions_for(name)):
            producer.send(name, heartbeat(topic.subject), HEARTBEAT_KEY, partition=partition, timestamp_ms=last)
    producer.flush()
    producer.close()
    done.parent.mkdir(parents=True, exist_ok=True)
    done.write_text(str(count))


def clear(kafka: str, namespace: str) -> None:
    """Delete the topics of a namespace, which a load that was stopped has left half full."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        old = [topic for topic in admin.list_topics() if topic.startswith(f"{namespace}.")]
        if old:
            admin.delete_topics(old, timeout_ms=30_000)
        until = time.monotonic() + DELETED_WITHIN_S
        while set(old) & set(admin.list_topics()):
            if time.monotonic() > until:
                raise BenchmarkError(f"Kafka still has old topics of {namespace}: remove {STACK} and begin again.")
            time.sleep(0.2)
    finally:
        admin.close()


def checksum_fast() -> None:
    """kafka-python checksums in Python unless told otherwise; crcmod comes with apache-flink and does it in C."""
    from crcmod.predefined import mkPredefinedCrcFun  # type: ignore[import-untyped]

    util.calc_crc32c.__defaults__ = (mkPredefinedCrcFun("crc-32c"),)
