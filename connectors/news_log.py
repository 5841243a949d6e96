"""The topics of news as the command line and services read and write them: all that was said, and one thing more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import uuid4

from kafka.consumer.fetcher import ConsumerRecord

from connectors import broker
from connectors.coordinates import pack
from connectors.effective_time import Marks
from connectors.news_records import read_news
from connectors.rejected import Rejected
from connectors.tide import marks
from connectors.topics import BY_NAME, HEARTBEAT_KEY, INPUTS, Topic, full_name, kind_of
from connectors.wire import Record, encode
from udfs.events import Kind
from udfs.news import News
from udfs.time import SECOND, Millis

CAMPAIGNS, CATALOG = "campaigns", "catalog"
MARGIN: Millis = 2 * SECOND  # a heartbeat may come between the question and the record


class Told(NamedTuple):
    """A record of a topic of news: where it lies, and what it says."""

    offset: int
    news: News | Rejected


def news_of(record: ConsumerRecord, kind: Kind, effective: Millis) -> News | Rejected:
    """What a record of the topic `kind` says, as the jobs read it."""
    order = pack(kind, record.partition, record.offset)
    return read_news(kind, record.key, record.value, record.timestamp, effective, order)


def read_log(kafka: str, namespace: str, bound: Millis, topic: str = CAMPAIGNS) -> Iterator[Told]:
    """All of a topic of news up to its end of now; KeyError if the broker does not have it."""
    known, kind = Marks(bound), kind_of(topic)
    for record in broker.read_to_end(kafka, [full_name(topic, namespace)]):
        effective = known.effective(topic, record.partition, record.timestamp)
        if record.key != HEARTBEAT_KEY:
            yield Told(record.offset, news_of(record, kind, effective))


def key_of(topic: Topic, name: str) -> bytes:
    """The key of a record of news; where the topic is thinned, the name and something that no other record has."""
    return (f"{name}:{uuid4().hex}" if topic.thinned else name).encode()


def refusal(record: Record, topic: str) -> str | None:
    """Why the jobs would refuse a record that says this now, None if they would not."""
    about = BY_NAME[topic]
    read = read_news(
        kind_of(topic), record[about.key].encode(), encode(about.subject, record), record["timestamp"],
        record["timestamp"], 0,
    )  # fmt: skip
    return f"{read.reason.value}: {read.detail}" if isinstance(read, Rejected) else None


def tell(kafka: str, namespace: str, records: Iterable[Record], topic: str = CAMPAIGNS) -> None:
    """Write records to a topic of news; KafkaError if it is not there or they are not taken."""
    about = BY_NAME[topic]
    writer = broker.producer(kafka)
    try:
        sent = [
            writer.send(
                full_name(topic, namespace),
                encode(about.subject, record),
                key_of(about, record[about.key]),
                timestamp_ms=record[about.event_time],
            )
            for record in records
        ]
        for one in sent:
            one.get(timeout=10)
    finally:
        writer.close(timeout=10)


def present(kafka: str, namespace: str, bound: Millis, topic: str = CAMPAIGNS) -> Millis | None:
    """The time in which a deployment lives, of the wall or of a replay: what is said now is stamped with it (ms).

    Every input topic has been told of up to then; None as long as one has told nothing. It is never so far behind the
    `topic` of news that it would be late there, for heartbeats between the two may be gone in a replay.
    """
    inputs = [mark.newest for mark in marks(kafka, [full_name(topic.name, namespace) for topic in INPUTS])]
    told = [at for at in inputs if at is not None]
    if len(told) < len(inputs):
        return None
    (news,) = marks(kafka, [full_name(topic, namespace)])
    return max(min(told), (news.newest or 0) - bound + MARGIN)
