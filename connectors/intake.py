"""Bring Segment calls to the input topics, in their order, with heartbeats in the time that they tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from kafka.errors import KafkaError

from connectors import broker, dead_letters
from connectors.heartbeats import lanes
from connectors.rejected import Rejected
from connectors.segment_spec import Parsed, parse
from connectors.topics import BY_NAME, HEARTBEAT_KEY, INPUTS, KEPT, full_name
from connectors.wire import encode
from udfs.time import MINUTE, Millis

BEAT_EVERY: Millis = MINUTE
BULK_LINGER: Millis = 100
EVENTS_A_BEAT = 500  # a beat is a record in every partition: at most 2 % of what is written

Call = Parsed | Rejected


class IntakeError(Exception):
    """Kafka did not take what we sent."""


class Intake:
    """Writes calls and heartbeats; what it was given is in Kafka after `flush`. `clock` is None for history."""

    def __init__(
        self, kafka: str, namespace: str = "", clock: Callable[[], Millis] | None = None, linger: Millis = 20
    ) -> None:
        """`linger` is how long a batch may wait to fill. IntakeError if the broker does not answer or lacks a topic."""
        self._clock = clock
        self._names = {topic: full_name(topic, namespace) for topic in BY_NAME}
        try:
            self._producer = broker.producer(kafka, linger_ms=linger)
            self._lanes = lanes(self._producer, KEPT, namespace)
        except KafkaError as error:
            raise IntakeError(f"The broker at {kafka} does not answer or lacks a topic: {error}") from error
        self._failure: BaseException | None = None
        self.sent: Counter[str] = Counter({topic.name: 0 for topic in INPUTS})
        self.rejected: Counter[str] = Counter()
        self.heartbeats = 0
        self.first: Millis | None = None
        self.last: Millis | None = None
        self.disorder: Millis = 0

    def read(self, line: bytes) -> Call:
        """What a line says, without sending it."""
        return parse(line, self._clock() if self._clock else None)

    def send(self, call: Parsed) -> None:
        """Send one call and take note of its time."""
        self._write(call.topic, call.key, encode(BY_NAME[call.topic].subject, call.record), call.at)
        self.sent[call.topic] += 1
        self.first = call.at if self.first is None else min(self.first, call.at)
        if self.last is None or call.at > self.last:
            self.last = call.at
        self.disorder = max(self.disorder, self.last - call.at)

    def refuse(self, file: str, number: int, line: bytes, why: Rejected, at: Millis) -> None:
        """Send a dead letter for a line; `at` is the clock at ingest."""
        letter = dead_letters.of_line(file, number, line, at, why)
        self._write("dead-letters", file.encode(), encode("dead-letters", letter), at)
        self.rejected[why.reason.value] += 1

    def beat(self, at: Millis) -> None:
        """Say in every partition of every input topic, and of the news, that all before `at` has been sent."""
        for topic, value, partition in self._lanes:
            future = self._producer.send(topic, value, HEARTBEAT_KEY, partition=partition, timestamp_ms=at)
            future.add_errback(self._failed)
        self.heartbeats += len(self._lanes)

    def flush(self) -> None:
        """Wait until Kafka has everything; IntakeError if it refused something."""
        self._producer.flush()
        if self._failure is not None:
            raise IntakeError(f"Kafka refused a record: {self._failure}") from self._failure

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._producer.close(timeout=10)

    def _write(self, topic: str, key: bytes, value: bytes, at: Millis) -> None:
        self._producer.send(self._names[topic], value, key, timestamp_ms=at).add_errback(self._failed)
        if self._failure is not None:
            self.flush()

    def _failed(self, error: BaseException) -> None:
        self._failure = error


def ingest_lines(
    lines: Iterable[bytes],
    kafka: str,
    namespace: str = "",
    *,
    now: Millis,
    history: bool = True,
    file: str = "-",
    beat_every: Millis = BEAT_EVERY,
) -> Intake:
    """Send lines as fast as possible, with heartbeats up to the last event; the closed Intake has the counts.

    `now` is the clock at ingest, which live calls are clamped by and dead letters carry.
    """
    with Intake(kafka, namespace, None if history else lambda: now, BULK_LINGER) as intake:
        tide = Tide(intake, beat_every)
        for number, line in enumerate(lines, 1):
            call = intake.read(line)
            if isinstance(call, Rejected):
                intake.refuse(file, number, line, call, now)
            else:
                intake.send(call)
                tide.rise()
        tide.end()
        intake.flush()
    return intake


class Tide:
    """Beats at the highest time sent, never beyond it: what is still to come may lie right behind it."""

    def __init__(self, intake: Intake, every: Millis = BEAT_EVERY, ready: Callable[[], bool] | None = None) -> None:
        """At most one beat in `every` of replayed time, and only when `ready` (default: each 500 events)."""
        self._intake, self._every = intake, every
        self._ready = ready or self._enough_events
        self._events = 0
        self._said: Millis | None = None

    def rise(self) -> None:
        """Call after each event."""
        self._events += 1
        last = self._intake.last
        if last is not None and (self._said is None or last >= self._said + self._every) and self._ready():
            self._intake.beat(last)
            self._said, self._events = last, 0

    def end(self) -> None:
        """Call after the last event: all topics are complete up to its time."""
        if self._intake.last is not None and self._intake.last != self._said:
            self._intake.beat(self._intake.last)

    def _enough_events(self) -> bool:
        return self._events >= EVENTS_A_BEAT
