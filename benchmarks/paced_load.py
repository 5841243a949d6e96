"""Live load at a steady rate: visitors who stay for some seconds, each with a consent first, and heartbeats."""

from __future__ import annotations

import time
from random import Random

from benchmarks.load import checksum_fast
from benchmarks.program import arguments, told
from benchmarks.shop_input import SEED, People, name_of
from connectors import broker
from connectors.topics import HEARTBEAT_KEY, KEPT, full_name
from connectors.wire import heartbeat
from udfs.time import Millis

BATCH_S = 0.01
BEAT_S = 0.1
LINGER: Millis = 5
EVENTS_A_VISITOR = 20
VISIT_S = 10


def now() -> Millis:
    return time.time_ns() // 1_000_000


def main() -> None:
    said = arguments("kafka", "namespace", "rate")
    checksum_fast()
    producer = broker.producer(said.kafka, linger_ms=LINGER, batch_size=256 * 1024, compression_type=None)
    beats = [
        (full_name(topic.name, said.namespace), heartbeat(topic.subject), partition)
        for topic in KEPT
        for partition in sorted(producer.partitions_for(full_name(topic.name, said.namespace)))
    ]
    rate, people, dice = int(said.rate), People(), Random(SEED)
    arriving, present = rate / EVENTS_A_VISITOR, rate * VISIT_S // EVENTS_A_VISITOR
    began, sent, beaten, behind = time.monotonic(), 0, 0.0, 0.0
    while sent < said.events:
        clock = time.monotonic() - began
        due = min(said.events, int(clock * rate))
        behind = max(behind, clock - due / rate if due == said.events else (due - sent) / rate)
        oldest = int(clock * arriving)
        at = now()
        for _ in range(due - sent):
            record = people.next(oldest + dice.randrange(present), at)
            name = full_name(record.topic, said.namespace)
            producer.send(name, record.value, record.key, timestamp_ms=record.at)
        sent = due
        if clock - beaten >= BEAT_S:
            for topic, value, partition in beats:
                producer.send(topic, value, HEARTBEAT_KEY, partition=partition, timestamp_ms=at)
            beaten = clock
        time.sleep(max(0.0, BATCH_S - (time.monotonic() - began - clock)))
    producer.flush()
    told(time.monotonic() - began, sent=sent, behind_max_s=behind, last=name_of(oldest + present))


if __name__ == "__main__":
    main()
