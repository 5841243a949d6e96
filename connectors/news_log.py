"""The topics of news as the command line and services read and write them: all that was said, and one thing more."""

from __future__ import annotations

from collections.abc import Iterator
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

CAMPAIGNS = "campaigns"
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


def tell(kafka: str, namespace: str, record: Record, topic: str = CAMPAIGNS) -> None:
    """Write a record to a topic of news; KafkaError if it is not there or not taken."""
    about = BY_NAME[topic]
    writer = broker.producer(kafka)
    try:
        value, at = encode(about.subject, record), record[about.event_time]
        key = key_of(about, record[about.key])
        writer.send(full_name(topic, namespace), value, key, timestamp_ms=at).get(timeout=10)
    finally:
        writer.close(timeout=10)


def present(kafka: str, namespace: str, bound: Millis) -> Millis | None:
    """The time in which a deployment lives, of the wall or of a replay: what is said now is stamped with it (ms).

    Every input topic has been told of up to then; None as long as one has told nothing. It is never so far behind the
    topic `campaigns` that it would be late there, for heartbeats between the two may be gone in a replay.
    """
    inputs = [mark.newest for mark in marks(kafka, [full_name(topic.name, namespace) for topic in INPUTS])]
    told = [at for at in inputs if at is not None]
    if len(told) < len(inputs):
        return None
    (campaigns,) = marks(kafka, [full_name(CAMPAIGNS, namespace)])
    return max(min(told), (campaigns.newest or 0) - bound + MARGIN)
