"""What the brakes are fed with from Kafka, and where they say what they have to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from connectors import broker
from connectors.effective_time import Marks
from connectors.input_events import read_event
from connectors.news_log import key_of
from connectors.news_records import read_news
from connectors.rejected import Rejected
from connectors.settings import Settings
from connectors.topics import BY_NAME, HEARTBEAT_KEY, full_name, kind_of, plain_name
from connectors.wire import decode, encode
from udfs.brakes import Word
from udfs.events import Event
from udfs.news import News
from udfs.order_silence import CHECKOUT, USUAL
from udfs.orders import COMPLETED
from udfs.outputs import Decision
from udfs.time import DAY, HOUR, Millis

FLOWING = ("purchase", "cart")
# Looked back so far for the last orders, further only where there are too few.
LOOKS_BACK: tuple[Millis, ...] = (HOUR, DAY, 10 * DAY)
POLL_MS = 1_000
AT_ONCE = 5_000

_OF_INTEREST = {"purchase": COMPLETED.encode(), "cart": CHECKOUT.encode()}


@dataclass(slots=True)
class Fed:
    """What came in: news first, then decisions, then orders and checkouts up to and including `tide` (ms).

    `tide` is None as long as a partition has told nothing.
    """

    news: list[News] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    tide: Millis | None = None


class BrakeFeed:
    """Reads on from the last orders, the last hour's decisions and all news; KeyError names a topic that is not there.

    KafkaError if the broker is away; then a new one begins where this one would have.
    """

    def __init__(self, settings: Settings) -> None:
        self._namespace = settings.namespace
        self._kafka = settings.kafka
        self._reader = broker.consumer(settings.kafka, max_poll_records=AT_ONCE)
        self._producer: KafkaProducer | None = None
        # Orders and checkouts alone make the tide: the brakes wait for nobody else.
        self._marks, self._news_marks = Marks(settings.bound), Marks(settings.bound)
        self._told: set[TopicPartition] = set()
        self._newest: Millis | None = None
        self._waiting: list[Event] = []
        self._flowing = self._partitions(*FLOWING)
        decisions, news = self._partitions("decisions"), self._partitions("campaigns")
        # Asked before anything is assigned: beside its fetches kafka-python may forget what it was asked for.
        self._ends = self._reader.end_offsets([*self._flowing, *decisions, *news])
        starts = _starts(self._reader, self._flowing, decisions, news, self._ends)
        self._reader.assign(list(starts))
        for partition, offset in starts.items():
            self._reader.seek(partition, offset)

    def catch_up(self) -> Iterator[Fed]:
        """All that lay on the topics at the beginning."""
        while any(self._reader.position(partition) < end for partition, end in self._ends.items()):
            yield self.poll()

    def poll(self) -> Fed:
        """What came since, at the latest after a second."""
        fed = Fed()
        for partition, records in self._reader.poll(timeout_ms=POLL_MS).items():
            topic = plain_name(partition.topic, self._namespace)
            for record in records:
                self._take(topic, partition, record, fed)
        fed.tide = self._marks.tide() if self._told.issuperset(self._flowing) else None
        if fed.tide is not None:
            fed.events = [event for event in self._waiting if event.at <= fed.tide]
            self._waiting = [event for event in self._waiting if event.at > fed.tide]
        return fed

    def say(self, words: Sequence[Word], tide: Millis) -> None:
        """Lay them on the topic of campaigns; they are there when this returns.

        They hold from the topic's own time on, but not from before `tide` (ms): whoever is asked about again because
        orders flow must be known to have ordered by then.
        """
        self._producer = self._producer or broker.producer(self._kafka)
        stamp = max(self._newest or 0, tide)
        for word in words:
            said = {"name": word.name, "action": word.action, "cause": word.cause, "timestamp": stamp}
            self._producer.send(
                full_name("campaigns", self._namespace),
                key=key_of(BY_NAME["campaigns"], word.name),
                value=encode("campaigns", said),
                timestamp_ms=stamp,
            ).get(timeout=broker.PATIENCE / 1000)

    def close(self) -> None:
        self._reader.close(autocommit=False)
        if self._producer is not None:
            self._producer.close(timeout=5)

    def _partitions(self, *topics: str) -> list[TopicPartition]:
        return broker.partitions_of(self._reader, [full_name(topic, self._namespace) for topic in topics])

    def _take(self, topic: str, partition: TopicPartition, record: ConsumerRecord, fed: Fed) -> None:
        if topic == "decisions":
            if isinstance(read := decode(record.value, topic), tuple):
                fed.decisions.append(msgspec.convert(read[1], Decision))
            return
        self._told.add(partition)
        marks = self._news_marks if topic == "campaigns" else self._marks
        at = marks.effective(partition.topic, partition.partition, record.timestamp)
        if topic == "campaigns":
            self._newest = max(self._newest or 0, record.timestamp)
        if record.key == HEARTBEAT_KEY or record.value is None:
            return
        if topic == "campaigns":
            news = read_news(kind_of(topic), record.key, record.value, record.timestamp, at, record.offset)
            fed.news += [] if isinstance(news, Rejected) else [news]
        elif _OF_INTEREST[topic] in record.value:
            event = read_event(kind_of(topic), record.key, record.value, record.timestamp, at)
            self._waiting += [event] if isinstance(event, Event) else []


def _starts(
    reader: KafkaConsumer,
    flowing: list[TopicPartition],
    decisions: list[TopicPartition],
    news: list[TopicPartition],
    ends: broker.Ends,
) -> dict[TopicPartition, int]:
    """Where to begin: what is usual rests on the last orders, and an hour's mails on that hour."""
    starts = dict(reader.beginning_offsets([*flowing, *decisions, *news]))
    newest = _newest(reader, flowing, starts, ends)
    if newest is None:
        return starts
    purchase = [one for one in flowing if one.topic == flowing[0].topic]
    for back in LOOKS_BACK:
        since = _at(reader, purchase, newest - back, ends)
        orders = _orders(broker.read_between(reader, since, {one: ends[one] for one in purchase}))
        if len(orders) > USUAL + 1:
            starts |= _at(reader, flowing, sorted(orders)[-USUAL - 2], ends)
            break
    return starts | _at(reader, decisions, newest // HOUR * HOUR, ends)


def _newest(
    reader: KafkaConsumer, partitions: list[TopicPartition], starts: broker.Ends, ends: broker.Ends
) -> Millis | None:
    """The newest time among the last records."""
    tails = {one: max(starts[one], ends[one] - broker.TAIL_RECORDS) for one in partitions}
    known = broker.read_between(reader, tails, {one: ends[one] for one in partitions})
    return max((record.timestamp for record in known), default=None)


def _orders(records: Iterator[ConsumerRecord]) -> list[Millis]:
    return [one.timestamp for one in records if one.value is not None and COMPLETED.encode() in one.value]


def _at(reader: KafkaConsumer, partitions: list[TopicPartition], at: Millis, ends: broker.Ends) -> broker.Ends:
    """The first offset of each partition from `at` (ms) on, the end if there is none."""
    found = reader.offsets_for_times(dict.fromkeys(partitions, at))
    return {one: hit.offset if (hit := found[one]) is not None else ends[one] for one in partitions}
