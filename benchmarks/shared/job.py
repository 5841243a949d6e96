"""The shared job on Tidemark's production halves: windows and sessions of everybody who clicks, fills carts and buys.

clickstream, cart, purchase ──► ticks ──► windows and sessions of each shard ──┬──► shared-rows
                                                                              └──► dead-letters
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import msgspec

from connectors.records import Record
from connectors.settings import Settings
from connectors.topics import full_name
from udfs.columns.activity import Activity, SessionsEnded, WindowEnded
from udfs.columns.counted import Measures
from udfs.operators.column_shard import ColumnShards
from udfs.operators.counters import Counters
from udfs.time import MINUTE, Millis

ROWS = "shared-rows"
INPUTS = ("clickstream", "cart", "purchase")
CART, PURCHASE = 1, 2
ROWS_A_RECORD = 20_000  # so that a record stays far below Kafka's limit of a megabyte
ACTIVITY = Activity(
    Measures(
        weights={"Product Viewed": 1, "Product Added": 5, "Order Completed": 10},
        marks={"Product Added": CART, "Order Completed": PURCHASE},
    ),
    size=5 * MINUTE,
    slide=MINUTE,
    gap=10 * MINUTE,
)
_encode = msgspec.msgpack.Encoder().encode


@dataclass(frozen=True)
class SharedWork:
    """Rows leave packed, many in one record: the peers' rows go nowhere, and so cost them no broker."""

    settings: Settings
    job: str = "shared"
    activity: Activity = ACTIVITY

    def shards(self, counters: Counters) -> ColumnShards:
        return ColumnShards(self, counters)

    def write(self, output: WindowEnded | SessionsEnded, shard: int, until: Millis) -> list[Record]:
        topic, key = full_name(ROWS, self.settings.namespace), str(shard).encode()
        if len(output) <= ROWS_A_RECORD:
            return [Record(topic, key, _encode(output), until)]
        return [Record(topic, key, _encode(part), until) for part in _parts(output)]


def _parts(output: WindowEnded | SessionsEnded) -> Iterator[WindowEnded | SessionsEnded]:
    if isinstance(output, WindowEnded):
        rows = iter(output.sums.items())
        while part := dict(islice(rows, ROWS_A_RECORD)):
            yield WindowEnded(output.start, part)
    else:
        for begin in range(0, len(output), ROWS_A_RECORD):
            yield SessionsEnded(output.sessions[begin : begin + ROWS_A_RECORD])
