"""All benchmarks, and what each was asked to reach."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from typing import NamedTuple

from benchmarks import (
    backtest,
    decode,
    explain,
    freshness,
    grow,
    job,
    memory,
    memory_driver,
    redis_script,
    rule_costs,
    shop_jobs,
    small_ticks,
)
from benchmarks.case import Benchmark
from benchmarks.results import Record, Result

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark
    for benchmark in (
        decode.BENCHMARK,
        redis_script.BENCHMARK,
        memory_driver.BENCHMARK,
        backtest.BENCHMARK,
        memory.BENCHMARK,
        rule_costs.BENCHMARK,
        small_ticks.BENCHMARK,
        *job.BENCHMARKS,
        shop_jobs.of_job("profiles"),
        shop_jobs.of_job("campaigns"),
        shop_jobs.with_many(memory_driver.MANY),
        explain.BENCHMARK,
        freshness.BENCHMARK,
        freshness.SEARCH,
        *grow.BENCHMARKS,
    )
}


class Target(NamedTuple):
    """What results that match `engine` and hold `case` in their label are to reach; `least` False means at most."""

    benchmark: str
    engine: str
    case: str
    what: str
    value: float
    least: bool
    of: Callable[[Record, Result], float]


def per_cpu_second(_: Record, result: Result) -> float:
    return result.events_per_cpu_second


def per_second(_: Record, result: Result) -> float:
    return result.events_per_second


def figure(name: str) -> Callable[[Record, Result], float]:
    """One of the figures of a result."""
    return lambda _, result: result.figures.get(name, float("nan"))


def times(engine: str) -> Callable[[Record, Result], float]:
    """How many times as many events a CPU-second as an engine of the same record whose rows are right."""

    def ratio(record: Record, result: Result) -> float:
        others = (other for other in record.results if other.engine == engine and other.rows_equal)
        return next((result.events_per_cpu_second / other.events_per_cpu_second for other in others), float("nan"))

    return ratio


def times_one_core(record: Record, result: Result) -> float:
    """How many times as many events a second as the same engine and case on one core."""
    alone = [
        other for other in record.results if (other.engine, other.case, other.cores) == (result.engine, result.case, 1)
    ]
    return result.events_per_second / alone[0].events_per_second if alone and result.cores > 1 else float("nan")


def times_first(record: Record, result: Result) -> float:
    """How its events a CPU-second compare with the record's first result."""
    first = record.results[0]
    return float("nan") if result is first else result.events_per_cpu_second / first.events_per_cpu_second


TARGETS = (
    Target("job", "tidemark", "60 s", "events a CPU-second", 60_000, True, per_cpu_second),
    Target("job", "tidemark", "60 s", "times Flink SQL", 3, True, times("flink-sql")),
    Target("job", "tidemark", "60 s", "times one core, by the clock", 1.7, True, times_one_core),
    Target("job-bytewax", "tidemark", "60 s", "times Bytewax", 6, True, times("bytewax")),
    Target("job-steady", "tidemark", "", "events a CPU-second", 100_000, True, per_cpu_second),
    Target("decode", "tidemark", "columns, ticks", "records a CPU-second", 1_500_000, True, per_cpu_second),
    Target("redis", "tidemark", "", "people a second", 150_000, True, per_second),
    # Backtests run the campaigns' rules; the row of the profiles' rules is measured, and was never asked to reach this.
    Target("memory-driver", "tidemark", "campaigns, all", "events a second", 150_000, True, per_second),
    Target("backtest", "tidemark", "", "events a second", 150_000, True, per_second),
    Target("campaigns-50", "tidemark", "", "events a CPU-second", 20_000, True, per_cpu_second),
    Target("memory", "tidemark", "one by one", "us an id", 1.0, False, figure("us_an_id")),
    Target("memory", "tidemark", "as columns", "us an id", 1.0, False, figure("us_an_id")),
    Target("small-ticks", "tidemark", ", 10 events", "ms a tick", 0.3, False, figure("ms_a_tick")),
    Target("explain", "tidemark", "", "s, 95 of 100 answers", 1.0, False, figure("p95_s")),
    Target("freshness", "tidemark", "", "ms p99 to Redis", 500, False, figure("redis_beyond_p99_ms")),
    Target("freshness", "tidemark", "latency", "ms p99 to trigger", 1_500, False, figure("trigger_beyond_p99_ms")),
    Target("freshness", "tidemark", "default", "ms p99 to trigger", 10_500, False, figure("trigger_beyond_p99_ms")),
    Target("grow", "tidemark", "", "of the rate at the first point", 0.8, True, times_first),
    Target("small-ticks", "tidemark", ", 100 events", "ms a tick", 1.0, False, figure("ms_a_tick")),
)


def targets_of(record: Record, result: Result) -> list[Target]:
    """The targets that a result is held against: those that it has a figure for."""
    return [
        target
        for target in TARGETS
        if (target.benchmark, target.engine) == (record.benchmark, result.engine)
        and target.case in result.case
        and not isnan(target.of(record, result))
    ]


def met(target: Target, record: Record, result: Result) -> bool:
    """Whether it was reached, by right rows."""
    value = target.of(record, result)
    return result.rows_equal and (value >= target.value if target.least else value <= target.value)
