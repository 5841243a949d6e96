"""`decode`: records of the wire become checked events, a tick at a time, and what a bad record among them costs."""

from __future__ import annotations

from typing import Any

from benchmarks.case import Benchmark, Case, Options
from benchmarks.program import arguments, timed, told
from benchmarks.shop_input import shop
from connectors.wire import judge, schema_id, versions
from udfs.time import SECOND

TICK = 10_000  # records
LABELS = {"good": "ticks of 10,000 good records", "bad": "the same with a damaged record in every tick"}


def cases(options: Options) -> list[Case]:
    events = options.events or 200_000
    program = ("benchmarks.decode", "--events", "{events}", "--with")
    return [
        Case("tidemark", label, (*program, name), events, cores=options.cores or 1, unit="records")
        for name, label in LABELS.items()
    ]


BENCHMARK = Benchmark("decode", "bytes of the wire to checked events, in the operator's border", 2_000, cases)


def main() -> None:
    from benchmarks.offline_operator import OfflineOperator
    from benchmarks.tick_rows import rows
    from connectors.settings import Settings

    said = arguments("with")
    border = OfflineOperator("campaigns", Settings(shards=1)).operator._border
    records = list(shop(said.events, said.events // 20 + 1, SECOND / TICK))
    ticks = [row for _, row in rows(records, SECOND, 1)]
    if said.__dict__["with"] == "bad":
        for tick in ticks:
            tick[1][len(tick[1]) // 2] = tick[1][len(tick[1]) // 2][:-3]
    read, elapsed, cpu = timed(lambda: [border.read(tick) for tick in ticks])
    told(elapsed, cpu, rows_equal=_right(read, ticks, bad=said.__dict__["with"] == "bad"))


def _right(read: list[tuple[Any, Any]], ticks: list[Any], bad: bool) -> bool:
    """Each record alone, read by fastavro, tells the same of itself; the damaged ones became dead letters."""
    for (events, refused), (_, values, *_) in zip(read, ticks, strict=True):
        damaged = len(values) // 2 if bad else None
        alone = sorted(_id(value) for number, value in enumerate(values) if number != damaged)
        if sorted((event.user, event.message_id) for event in events) != alone or len(refused) != bad:
            return False
    return True


def _id(value: bytes) -> tuple[str, str]:
    version = versions()[schema_id(value) or 0]
    record: Any = judge(version, value)
    return record["user_id"], record["message_id"]


if __name__ == "__main__":
    main()
