"""Takes a person out at their word: an `Unsubscribed` event for the jobs, and no further mail from here at once."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from kafka import KafkaProducer

from connectors import broker, wire
from connectors.topics import full_name
from render_service.unsubscribe import Unsubscriber
from udfs.time import Millis

PATIENCE_S = 10.0


class OptOuts:
    """`left` are the people who unsubscribed here; the profile tells it too, as soon as the event has gone round.

    The event carries the tide as its time: whatever clock the shop runs on, it takes effect at once (marked late).
    """

    def __init__(self, bootstrap: str, namespace: str, now: Callable[[], Millis]) -> None:
        self._bootstrap = bootstrap
        self._topic = full_name("email-events", namespace)
        self._now = now
        self._producer: KafkaProducer | None = None
        self.left: set[str] = set()

    def take(self, who: Unsubscriber) -> None:
        """Record it; saying it twice is saying it once. Raises KafkaError if it could not be recorded."""
        self.left.add(who.user_id)
        if self._producer is None:
            self._producer = broker.producer(self._bootstrap, linger_ms=0)
        at = self._now()
        value = wire.encode("email-events", event(who, at))
        self._producer.send(self._topic, key=who.user_id.encode(), value=value, timestamp_ms=at).get(PATIENCE_S)

    def close(self) -> None:
        if self._producer is not None:
            self._producer.close()


def event(who: Unsubscriber, at: Millis) -> dict[str, Any]:
    """The record; its id is the same for the same mail, so a second click is a duplicate."""
    said = f"unsubscribed/{who.trigger_id}/{who.user_id}"
    return {
        "message_id": blake2b(said.encode(), digest_size=16).hexdigest(),
        "type": "track",
        "event": "Unsubscribed",
        "user_id": who.user_id,
        "timestamp": at,
        "channel": "email",
        "trigger_id": who.trigger_id,
    }
