"""Everything that the topics hold about one person, from the one partition of each that can hold it, and all news."""

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
from connectors.topics import BY_NAME, HEARTBEAT_KEY, full_name, kind_of, plain_name, read_by
from connectors.wire import Record, decode
from udfs.events import Event, Kind
from udfs.news import News
from udfs.time import Millis

_POSITIVE = 0x7FFFFFFF


@dataclass(slots=True)
class PersonLog:
    """Events at their effective time, in log order, doubled ones too; `received` is when a message first arrived.

    `news` are what everybody was told: of the campaigns all, of the catalog what is about products of the person's.

    `tide` is how far the partitions read have risen, None if they are empty.
    """

    events: list[Event] = field(default_factory=list)
    received: dict[str, Millis] = field(default_factory=dict)
    decisions: list[Record] = field(default_factory=list)
    sends: list[Record] = field(default_factory=list)
    news: list[News] = field(default_factory=list)
    tide: Millis | None = None

    @property
    def decided_to(self) -> Millis:
        """The tide, or the last decision where a run was told to let the clock run on; 0 if there is neither."""
        last: Millis = max([self.tide or 0, *(decision["at"] for decision in self.decisions)])
        return last


def partition_of(key: bytes, partitions: int) -> int:
    """Kafka's default: the same for kafka-python's and Java's producers."""
    return int(murmur2(key) & _POSITIVE) % partitions


def read_person(settings: Settings, user: str) -> PersonLog:
    """Read up to the ends of now; KeyError names a topic that is not there."""
    log, key, marks = PersonLog(), user.encode(), Marks(settings.bound)
    for record in _records(settings, key, [topic.name for topic in read_by("campaigns", settings.read_back)]):
        topic = plain_name(record.topic, settings.namespace)
        effective = marks.effective(topic, record.partition, record.timestamp)
        if BY_NAME[topic].role == "news":
            _learn(log, topic, record, effective)
        elif record.key == key:
            _hear(log, topic, record, effective)
    theirs = {line.product_id for event in log.events for line in event.lines or ()}
    log.news = [news for news in log.news if news.kind is not Kind.CATALOG or news.key in theirs]
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
    if record.key == HEARTBEAT_KEY:
        return
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
