"""Feeds the archive from Kafka, committed records only: to the ends of now, or until it is told to stop."""

from __future__ import annotations

import fcntl
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from redis.exceptions import RedisError

from connectors import broker
from connectors.archive.archiver import TOPICS, Archiver, Place
from connectors.patience import Patience
from connectors.recent_decisions import RecentDecisions, Standing
from connectors.settings import Settings
from connectors.topics import INPUTS, full_name, plain_name

FLUSH_S = 5.0
ROWS_A_FLUSH = 20_000
CLEAN_ERASED_S = 3_600.0
CLEAN_OLD_S = 86_400.0
STAND_EVERY_S = 30.0
AGAIN_AFTER_S = 2.0

log = logging.getLogger(__name__)


class ArchiveError(Exception):
    """The archive cannot be written; the message says why and what to do."""


def run(settings: Settings, folder: Path, stop: Event, once: bool) -> None:
    """Archive until `stop` is set, waiting for a broker that is away; with `once` only what lies on the topics now."""
    with _alone(folder, settings.namespace):
        while not stop.is_set():
            try:
                _feed(settings, folder, stop, once)
                return
            except KafkaError as error:
                if once:
                    raise
                log.warning("kafka_away error=%r; what was not written is read again", str(error))
                stop.wait(AGAIN_AFTER_S)


def _feed(settings: Settings, folder: Path, stop: Event, once: bool) -> None:
    def pause(seconds: float) -> None:
        stop.wait(seconds)

    recent = RecentDecisions(settings.redis, settings.namespace, Patience(sleep=pause, give_up=stop.is_set))
    reader = broker.consumer(settings.kafka, max_poll_records=5_000)
    meter = broker.consumer(settings.kafka)
    try:
        Feed(settings, reader, meter, Archiver(folder, settings.namespace, recent), recent).run(stop.is_set, once)
    except RedisError:
        if not stop.is_set():
            raise
    finally:
        reader.close(autocommit=False)
        meter.close(autocommit=False)
        recent.close()


class Feed:
    """Reads all topics of the archive side by side, each from where its files end."""

    def __init__(
        self,
        settings: Settings,
        reader: KafkaConsumer,
        meter: KafkaConsumer,
        archiver: Archiver,
        recent: RecentDecisions,
    ) -> None:
        self._namespace = settings.namespace
        self._reader = reader
        self._meter = meter  # kafka-python tells the ends of partitions only to one that reads no others
        self._archiver = archiver
        self._recent = recent
        names = [full_name(topic, settings.namespace) for topic in TOPICS]
        self._partitions = broker.partitions_of(reader, names)
        self._inputs = broker.partitions_of(meter, [full_name(topic.name, settings.namespace) for topic in INPUTS])
        self._clock = time.monotonic
        self._stood_at = self._cleaned_at = float("-inf")

    def run(self, stopped: Callable[[], bool], once: bool) -> None:
        ends = self._reader.end_offsets(self._partitions)
        self._seek(ends)
        due = self._clock() + FLUSH_S
        while not stopped():
            for where, records in self._reader.poll(timeout_ms=broker.POLL).items():
                for record in records:
                    self._archiver.take(plain_name(where.topic, self._namespace), record)
            done = once and all(self._reader.position(where) >= ends[where] for where in self._partitions)
            if done or self._archiver.held >= ROWS_A_FLUSH or self._clock() >= due:
                self._flush(done)
                due = self._clock() + FLUSH_S
            if done:
                return
        self._flush(True)

    def _flush(self, at_the_end: bool) -> None:
        reached = {self._place(where): self._reader.position(where) for where in self._partitions}
        self._archiver.flush(reached, at_the_end)
        self._archiver.tidy()
        if self._clock() - self._cleaned_at >= (CLEAN_ERASED_S if self._archiver.unclean else CLEAN_OLD_S):
            self._archiver.clean()
            self._cleaned_at = self._clock()
        if at_the_end or self._clock() - self._stood_at >= STAND_EVERY_S:
            begins, ends = self._meter.beginning_offsets(self._inputs), self._meter.end_offsets(self._inputs)
            inputs = sum(ends.values()) - sum(begins.values())
            self._recent.stand(Standing(inputs, self._archiver.newest))
            self._stood_at = self._clock()

    def _seek(self, ends: broker.Ends) -> None:
        begins = self._reader.beginning_offsets(self._partitions)
        self._reader.assign(self._partitions)
        for where in self._partitions:
            following = self._archiver.next(*self._place(where))
            if following > ends[where]:
                raise ArchiveError(
                    f"The archive has {where.topic}/{where.partition} up to offset {following}, the topic ends at "
                    f"{ends[where]}: it was made anew. Move the archive's folder away, and a new one is begun."
                )
            if following < begins[where]:
                log.warning("archive_gap topic=%s from=%d to=%d", where.topic, following, begins[where])
            self._reader.seek(where, max(following, begins[where]))

    def _place(self, where: TopicPartition) -> Place:
        return plain_name(where.topic, self._namespace), where.partition


@contextmanager
def _alone(folder: Path, namespace: str) -> Iterator[None]:
    """Two writers of one namespace would give one name to different files."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{full_name('archive', namespace)}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveError(f"Another process writes the archive in {folder} already.") from None
        yield
