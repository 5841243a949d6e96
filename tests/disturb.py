"""The same records as a bad day delivers them: out of order, some of them twice, whole topics behind the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from connectors.topics import HEARTBEAT_KEY
from connectors.wire import decode, encode
from udfs.time import SECOND, Millis


class Sent(NamedTuple):
    """A record on its way to Kafka; `topic` is the table's name, `at` its event time (ms), a null value an erasure."""

    topic: str
    key: bytes
    value: bytes | None
    at: Millis


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad the day is. `bound` (ms) is the job's: no record may fall behind its own partition by that much."""

    bound: Millis
    seed: int = 1
    doubled: float = 0.05
    retried_under_another_time: float = 0.3
    retry_within: Millis = 4 * SECOND
    delayed_topics: tuple[str, ...] = ("purchase", "profile-changes")


def disturb(records: Sequence[Sent], weather: Weather) -> list[Sent]:
    """The records in the order of their arrival; the delayed topics come when all others are there.

    Every record is shaken by less than `bound`. So whatever stands before it in its partition is later than it by less
    than `bound`, and nothing is late.
    """
    dice = Random(weather.seed)
    end = max(record.at for record in records)
    doubles = [
        _double(record, weather, dice, end)
        for record in records
        if record.key != HEARTBEAT_KEY and record.value is not None and dice.random() < weather.doubled
    ]
    shaken = [(record.at + dice.randrange(weather.bound), record) for record in (*records, *doubles)]
    shaken.sort(key=lambda entry: entry[0])
    punctual = [record for _, record in shaken if record.topic not in weather.delayed_topics]
    behind = [record for _, record in shaken if record.topic in weather.delayed_topics]
    return [*punctual, *behind]


def _double(record: Sent, weather: Weather, dice: Random, end: Millis) -> Sent:
    """The record again, or a client's retry of it: the same messageId, its time corrected to a little later."""
    if dice.random() >= weather.retried_under_another_time:
        return record
    at = min(end, record.at + dice.randint(1, weather.retry_within))
    decoded = decode(record.value, record.topic)
    assert isinstance(decoded, tuple), decoded
    return Sent(record.topic, record.key, encode(record.topic, decoded[1] | {"timestamp": at}), at)
