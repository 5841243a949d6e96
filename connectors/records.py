"""A record that leaves a job: where to, under which key, with which bytes and time."""

from __future__ import annotations

from typing import NamedTuple

from udfs.time import Millis


class Record(NamedTuple):
    """`at` becomes the Kafka timestamp (ms)."""

    topic: str
    key: bytes
    value: bytes
    at: Millis
