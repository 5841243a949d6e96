"""Hands deliveries to Kafka as a collector would: calls become records, refusals dead letters, beats go everywhere."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from connectors import broker
from connectors.intake import Intake
from connectors.rejected import Rejected
from connectors.topics import full_name
from local_stack.shop.arrival import Delivery
from udfs.time import Millis

FILE = "demo-shop"


class Till:
    """Takes letters in the order of their arrival; its clock is the arrival of the letter in hand."""

    def __init__(self, kafka: str, namespace: str = "") -> None:
        self.events = 0
        self._now: Millis = 0
        self._namespace = namespace
        self._intake = Intake(kafka, namespace, clock=lambda: self._now)
        self._producer = broker.producer(kafka)

    def take(self, letter: Delivery) -> None:
        self._now = letter.arrives
        if letter.is_beat:
            self._intake.beat(letter.arrives)
            return
        self.events += 1
        if letter.garbage is not None:
            topic, key, value = letter.garbage
            self._producer.send(full_name(topic, self._namespace), value, key, timestamp_ms=letter.arrives)
        else:
            self.say(letter.line)

    def say(self, line: str) -> None:
        """Take a line at the present moment."""
        text = line.encode()
        call = self._intake.read(text)
        if isinstance(call, Rejected):
            self._intake.refuse(FILE, self.events, text, call, self._now)
        else:
            self._intake.send(call)

    def flush(self) -> None:
        self._producer.flush()
        self._intake.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._producer.close(timeout=5)
        self._intake.__exit__(kind, error, trace)
