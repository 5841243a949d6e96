"""`small-ticks`: what the operator takes for a tick of few events, in ticks of a second and 16 shards, without Flink.

The cost of Flink's call itself, which a small shop pays as well, is that of an operator that does nothing.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice

from benchmarks.case import Benchmark, Case, Options
from benchmarks.program import arguments, told
from udfs.time import SECOND

SHARDS = 16
SIZES = (10, 100, 1_000)
USERS = 20_000


def cases(options: Options) -> list[Case]:
    cores = options.cores or 1
    found = []
    for each in SIZES:
        events = max(options.events or 80_000, 2 * SHARDS * each)
        for job in ("campaigns", "profiles"):
            program = ("benchmarks.small_ticks", "--events", "{events}", "--each", str(each), "--job", job)
            found.append(Case("tidemark", f"{job}, {each:,} events a tick", program, events, cores=cores))
    rows = max((options.events or 80_000) // 8, 1_000)
    empty = ("benchmarks.empty_operator", "--events", "{events}")
    found.append(Case("empty operator", "on Flink, 10 events a tick", empty, 2 * rows, rows // 2, cores, unit="ticks"))
    return found


BENCHMARK = Benchmark("small-ticks", "milliseconds of CPU a tick where ticks are small", 2_000, cases)


def main() -> None:
    from benchmarks import right_outputs
    from benchmarks.offline_operator import OfflineOperator
    from benchmarks.tick_rows import even_rows
    from connectors.settings import Settings
    from connectors.tick_chunks import unpack

    said = arguments("each", "job")
    each = int(said.each)
    ticks = list(islice(even_rows(each, SHARDS, USERS), said.events // each))
    operator = OfflineOperator(said.job, Settings(tick=SECOND, shards=SHARDS))
    warm = len(ticks) // 5
    before, _ = operator.run(ticks[:warm])
    after, cpu = operator.run(ticks[warm:])
    scale = len(ticks) / (len(ticks) - warm)  # the first fifth fills the memory and is not timed
    stop_at = max(unpack(row[0]).effective[0] for _, row in ticks) // SECOND * SECOND + SECOND - 1
    records = Counter((record[0], record[2]) for record in before + after)
    same = records == right_outputs.said(said.job, right_outputs.events_in(ticks), stop_at)[0]
    told(cpu * scale, cpu * scale, rows_equal=same, ms_a_tick=cpu * 1000 / (len(ticks) - warm), outputs=records.total())


if __name__ == "__main__":
    main()
