"""Where a record stands in the log, packed into one 64-bit integer so that it crosses the border cheaply."""

from __future__ import annotations

from typing import NamedTuple

OFFSET_BITS = 44
PARTITION_BITS = 14
TOPIC_SHIFT = OFFSET_BITS + PARTITION_BITS


class Coordinates(NamedTuple):
    """`topic` is the index of the input topic, which is its Kind."""

    topic: int
    partition: int
    offset: int


def unpack(coordinate: int) -> Coordinates:
    """The inverse of topic << 58 | partition << 44 | offset."""
    return Coordinates(
        coordinate >> TOPIC_SHIFT,
        (coordinate >> OFFSET_BITS) & ((1 << PARTITION_BITS) - 1),
        coordinate & ((1 << OFFSET_BITS) - 1),
    )


def pack(topic: int, partition: int, offset: int) -> int:
    """The place of a record as one integer, in the order of the log within a topic and partition."""
    return topic << TOPIC_SHIFT | partition << OFFSET_BITS | offset
