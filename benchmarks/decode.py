"""`decode`: records of the wire become checked events, a tick at a time, and what a bad record among them costs."""

from __future__ import annotations

from typing import Any

from benchmarks.case import Benchmark, Case, Options
from benchmarks.program import arguments, timed, told
from benchmarks.shop_input import shop
from connectors.wire import judge, schema_id, versions
from udfs.time import SECOND

TICK = 10_000  # records
WAYS = {
    "columns": "glued to columns, ticks of 10,000",
    "columns-bad": "glued to columns, a damaged record in every tick of 10,000",
    "events": "to events one by one, as rules want them",
}


def cases(options: Options) -> list[Case]:
    events = options.events or 200_000
    program = ("benchmarks.decode", "--events", "{events}", "--way")
    return [
        Case("tidemark", label, (*program, name), events, cores=options.cores or 1, unit="records")
        for name, label in WAYS.items()
    ]


BENCHMARK = Benchmark("decode", "bytes of the wire to checked events, in the operator's border", 2_000, cases)


def main() -> None:
    from benchmarks.offline_operator import NoMetrics
    from benchmarks.tick_rows import rows
    from connectors.tick_chunks import unpack
    from udfs.operators.border import Border
    from udfs.operators.counters import Counters

    said = arguments("way")
    border = Border("bench", "", Counters(NoMetrics()))
    bad = said.way == "columns-bad"
    visitors = said.events // 20 + 1
    records = list(shop(said.events + visitors, visitors, SECOND / TICK))
    seen = [sent for sent in records if sent.topic != "profile-changes"][: said.events]
    ticks = [unpack(row[0]) for _, row in rows(seen, SECOND, 1)]
    for tick in ticks if bad else ():
        values: list[Any] = list(tick.values)
        values[len(values) // 2] = values[len(values) // 2][:-3]
        ticks[ticks.index(tick)] = tick._replace(values=values)
    way = border.read if said.way == "events" else border.read_columns
    way(ticks[0])  # the first call makes the decoder
    read, elapsed, cpu = timed(lambda: [way(tick) for tick in ticks])
    told(elapsed, cpu, rows_equal=_right(read, ticks, bad))


def _right(read: list[Any], ticks: list[Any], bad: bool) -> bool:
    """Each record alone, read by fastavro, tells the same of itself; the damaged ones became dead letters."""
    for (*columns, events, refused), tick in zip(read, ticks, strict=True):
        damaged = len(tick.values) // 2 if bad else None
        alone = sorted(_id(value) for number, value in enumerate(tick.values) if number != damaged)
        got = [(event.user, event.message_id) for event in events]
        got += [row for frame in columns for row in frame.select("user", "message_id").iter_rows()]
        if sorted(got) != alone or len(refused) != bad:
            return False
    return True


def _id(value: bytes) -> tuple[str, str]:
    version = versions()[schema_id(value) or 0]
    record: Any = judge(version, value)
    return record["user_id"], record["message_id"]


if __name__ == "__main__":
    main()
