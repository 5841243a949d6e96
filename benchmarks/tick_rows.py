"""Records as the rows that Flink hands to the operator, one a shard and tick."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import count
from random import Random
from typing import Any

from pyflink.common import Row

from benchmarks.shop_input import FIRST, SEED, People, Sent, name_of
from connectors.coordinates import TOPIC_SHIFT
from connectors.raw_tick import RawTick
from connectors.shards import shard_of
from connectors.tick_chunks import pack
from connectors.topics import kind_of
from udfs.time import SECOND, Millis

ShardRow = tuple[int, Any]


def rows(records: Iterable[Sent], tick: Millis, shards: int) -> list[ShardRow]:
    """Every tick that holds a record, in the order in which a watermark would complete them."""
    ticks: dict[tuple[int, int], list[tuple[int, Sent]]] = defaultdict(list)
    for offset, record in enumerate(records):
        ticks[record.at // tick, shard_of(record.key.decode(), shards)].append((offset, record))
    return [(shard, _row(ticks[at, shard])) for at, shard in sorted(ticks)]


def even_rows(each: int, shards: int, users: int) -> Iterator[ShardRow]:
    """For ever: a second after the other, in each of them a tick of exactly `each` events for every shard."""
    people, dice, offsets = People(), Random(SEED), count()
    of_shard: dict[int, list[int]] = defaultdict(list)
    for user in range(users):
        of_shard[shard_of(name_of(user), shards)].append(user)
    for second in count():
        for shard in range(shards):
            begin = FIRST + second * SECOND
            moments = [begin + place * SECOND // each for place in range(each)]
            yield shard, _row([(next(offsets), people.next(dice.choice(of_shard[shard]), at)) for at in moments])


def _row(numbered: list[tuple[int, Sent]]) -> Any:
    """The row of connectors/flink_input.py: one chunk."""
    told = [
        (sent.key, sent.value, (kind_of(sent.topic) << TOPIC_SHIFT) | offset, sent.at, sent.at)
        for offset, sent in numbered
    ]
    return Row([pack(RawTick(*map(list, zip(*told, strict=True))))])
