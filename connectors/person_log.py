"""Everything that the topics hold about one person, read from the one partition of each that can hold it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kafka import TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.partitioner.default import murmur2

from connectors import broker
from connectors.effective_time import Marks
from connectors.input_events import read_event
from connectors.news_log import news_of
from connectors.rejected import Rejected
from connectors.settings import Settings
from connectors.topics import HEARTBEAT_KEY, full_name, kind_of, plain_name, read_by
from connectors.wire import Record, decode
from udfs.events import Event, Kind
from udfs.news import News
from udfs.time import Millis

_POSITIVE = 0x7FFFFFFF


@dataclass(slots=True)
class PersonLog:
    """Events at their effective time, in log order, doubled ones too; `received` is when a message first arrived.

    `news` are those that concern everybody. `tide` is how far the partitions read have risen, None if they are empty.
    """

    events: list[Event] = field(default_factory=list)
    received: dict[str, Millis] = field(default_factory=dict)
    decisions: list[Record] = field(default_factory=list)
    sends: list[Record] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    tide: Millis | None = None


def partition_of(key: bytes, partitions: int) -> int:
    """Kafka's default: the same for kafka-python's and Java's producers."""
    return int(murmur2(key) & _POSITIVE) % partitions


def read_person(settings: Settings, user: str) -> PersonLog:
    """Read up to the ends of now; KeyError names a topic that is not there."""
    log, key, marks = PersonLog(), user.encode(), Marks(settings.bound)
    inputs = [topic.name for topic in read_by("campaigns", settings.read_back)]
    for record in _records(settings, key, inputs):
        topic = plain_name(record.topic, settings.namespace)
        effective = marks.effective(topic, record.partition, record.timestamp)
        if kind_of(topic) >= Kind.CAMPAIGN:
            _learn(log, topic, record, effective)
        elif record.key == key:
            _hear(log, topic, record, effective)
    for record in _records(settings, key, ["decisions", "sends"]):
        decoded = decode(record.value) if record.key == key else None
        if isinstance(decoded, tuple):
            (log.decisions if decoded[0] == "decisions" else log.sends).append(decoded[1])
    log.tide = marks.tide()
    return log


def _records(settings: Settings, key: bytes, topics: Sequence[str]) -> Iterator[ConsumerRecord]:
    reader = broker.consumer(settings.kafka)
    try:
        names = [full_name(topic, settings.namespace) for topic in topics]
        found = broker.partitions_of(reader, names)
        count = {name: sum(partition.topic == name for partition in found) for name in names}
        lanes = [TopicPartition(name, partition_of(key, count[name])) for name in names]
        yield from broker.read_between(reader, reader.beginning_offsets(lanes), reader.end_offsets(lanes))
    finally:
        reader.close()


def _learn(log: PersonLog, topic: str, record: ConsumerRecord, effective: Millis) -> None:
    if record.key != HEARTBEAT_KEY:
        news = news_of(record, kind_of(topic), effective)
        if isinstance(news, News):
            log.news.append(news)


def _hear(log: PersonLog, topic: str, record: ConsumerRecord, effective: Millis) -> None:
    kind = kind_of(topic)
    event = read_event(kind, record.key, record.value, record.timestamp, effective)
    if isinstance(event, Rejected):
        return
    log.events.append(event)
    if kind is Kind.SEND:
        return
    decoded = decode(record.value, topic) if record.value is not None else None
    if isinstance(decoded, tuple) and decoded[1]["received_at"] is not None:
        log.received.setdefault(event.message_id, decoded[1]["received_at"])
