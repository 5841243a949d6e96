"""`small-ticks`: what the operator takes for a tick of few events, in ticks of a second and 16 shards, without Flink.

The cost of Flink's call itself, which a small shop pays as well, is that of an operator that does nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from benchmarks import oracle
from benchmarks.case import Benchmark, Case, Options
from benchmarks.program import arguments, told
from benchmarks.shared.rows import write
from udfs.events import Event
from udfs.time import DAY, SECOND

SHARDS = 16
SIZES = (10, 100, 1_000)
USERS = 20_000
JOBS = ("campaigns", "profiles", "columns")  # columns: the shared job, for which the target was written


def cases(options: Options) -> list[Case]:
    cores = options.cores or 1
    found = []
    for each in SIZES:
        events = max(options.events or 80_000, 2 * SHARDS * each)
        for job in JOBS:
            program = ("benchmarks.small_ticks", "--events", "{events}", "--each", str(each), "--job", job)
            found.append(Case("tidemark", f"{job}, {each:,} events a tick", program, events, cores=cores))
    rows = max((options.events or 80_000) // 8, 1_000)
    empty = ("benchmarks.empty_operator", "--events", "{events}")
    found.append(Case("empty operator", "on Flink, 10 events a tick", empty, 2 * rows, rows // 2, cores, unit="ticks"))
    return found


BENCHMARK = Benchmark("small-ticks", "milliseconds of CPU a tick where ticks are small", 2_000, cases)


def main() -> None:
    from benchmarks import right_outputs
    from benchmarks.offline_operator import COLUMNS, OfflineOperator
    from benchmarks.tick_rows import even_rows
    from connectors.settings import Settings

    said = arguments("each", "job")
    each = int(said.each)
    ticks = list(islice(even_rows(each, SHARDS, USERS), said.events // each))
    operator = OfflineOperator(said.job, Settings(tick=SECOND, shards=SHARDS))
    warm = len(ticks) // 5
    before, _ = operator.run(ticks[:warm])
    after, cpu = operator.run(ticks[warm:])
    scale = len(ticks) / (len(ticks) - warm)  # the first fifth fills the memory and is not timed
    events = right_outputs.events_in(ticks)
    if said.job == COLUMNS:
        records = before + after + operator.finish(events[-1].at + DAY)
        same = rows(record[2] for record in records) == right_rows(events)
    else:
        records = before + after
        stop_at = max(event.at for event in events) // SECOND * SECOND + SECOND - 1
        answer = right_outputs.said(said.job, events, stop_at)[0]
        same = Counter((record[0], record[2]) for record in records) == answer
    told(cpu * scale, cpu * scale, rows_equal=same, ms_a_tick=cpu * 1000 / (len(ticks) - warm), outputs=len(records))


def rows(values: Iterable[bytes]) -> tuple[Counter[Any], Counter[Any]]:
    """The windows and the sessions in packed records of the shared job."""
    with TemporaryDirectory() as home:
        write(values, f"{home}/rows")
        return Counter(Path(f"{home}/rows.win").read_text().split()), Counter(
            Path(f"{home}/rows.ses").read_text().split()
        )


def right_rows(events: Iterable[Event]) -> tuple[Counter[Any], Counter[Any]]:
    """The same by sorting all events at once."""
    kinds = {"Product Viewed": "click", "Product Added": "cart", "Order Completed": "purchase"}
    told = [(one.message_id, one.user, one.at, kinds[one.name]) for one in events if one.name in kinds]
    columns = ["event_id", "user_id", "ts", "event_type"]
    right = oracle.right_rows(pl.DataFrame(told, schema=columns, orient="row"))
    return Counter(map(_line, right.windows.rows())), Counter(map(_line, right.sessions.rows()))


def _line(row: tuple[Any, ...]) -> str:
    return ",".join(map(str, row))


if __name__ == "__main__":
    main()
