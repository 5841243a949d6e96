"""Records as the archive takes them from Kafka, and a Redis that only takes note."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from connectors.archive.archiver import TOPICS, Archiver
from connectors.wire import encode
from udfs.time import DAY, Millis

T0: Millis = 1_791_813_720_000  # Monday 2026-10-12 14:02 UTC


class Consumed(NamedTuple):
    """As kafka-python hands a record out."""

    partition: int
    offset: int
    timestamp: Millis
    key: bytes
    value: bytes | None


@dataclass
class Notebook:
    """What Redis would have been told."""

    told: list[tuple[str, str]] = field(default_factory=list)
    forgotten: list[tuple[str, Millis]] = field(default_factory=list)

    def remember(self, topic: str, records: Iterable[Mapping[str, Any]]) -> None:
        self.told += [(topic, record["user_id"]) for record in records]

    def forget(self, user: str, at: Millis) -> None:
        self.forgotten.append((user, at))


def decision(user: str, at: Millis, number: int = 0, outcome: str = "send", reason: str = "sent", **more: Any) -> Any:
    """A record of `decisions`; `number` makes its ids."""
    plain = {
        "decision_id": f"{number:032x}",
        "signal_id": f"{number:032x}",
        "follows": None,
        "campaign": "cart_abandonment",
        "version": "v1",
        "step": 1,
        "channel": "email",
        "user_id": user,
        "cart_id": "c",
        "at": at,
        "outcome": outcome,
        "reason": reason,
        "facts": {"items": "1", "value": "1200", "currency": "EUR", "wait": "10min"},
    }
    return {**plain, **more}


def send(user: str, at: Millis, outcome: str = "sent", reason: str = "sent", number: int = 0, **more: Any) -> Any:
    plain = {
        "send_id": f"{number:032x}",
        "trigger_id": f"{number:032x}",
        "campaign": "cart_abandonment",
        "version": "v1",
        "step": 1,
        "channel": "email",
        "user_id": user,
        "at": at,
        "outcome": outcome,
        "reason": reason,
        "message_id": None,
        "template": "cart_left",
    }
    return {**plain, **more}


def event(topic: str, user: str, at: Millis, name: str, **more: Any) -> Any:
    """A record of an input topic; what its schema asks for and nobody reads is filled in."""
    return {
        "message_id": f"{name}-{user}-{at}",
        "type": "track",
        "event": name,
        "user_id": user,
        "anonymous_id": None,
        "timestamp": at,
        "original_timestamp": None,
        "sent_at": None,
        "received_at": None,
        "context": None,
        "properties": None,
        **more,
    }


def consumed(topic: str, record: Mapping[str, Any], offset: int, partition: int = 0) -> Consumed:
    at = record["at"] if "at" in record else record["timestamp"]
    return Consumed(partition, offset, at, record["user_id"].encode(), encode(topic, record))


def erasure(user: str, at: Millis, offset: int) -> Consumed:
    return Consumed(0, offset, at, user.encode(), None)


def archive(archiver: Archiver, topic: str, records: Iterable[Consumed]) -> None:
    """Take records of one topic in and write them down."""
    positions: dict[tuple[str, int], int] = {}
    for record in records:
        archiver.take(topic, record)
        positions[topic, record.partition] = record.offset + 1
    archiver.flush(positions, at_the_end=True)


__all__ = ["DAY", "T0", "TOPICS", "Consumed", "Notebook", "archive", "consumed", "decision", "erasure", "event", "send"]
