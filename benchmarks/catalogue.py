"""All benchmarks, and what each was asked to reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from benchmarks import decode, memory, memory_driver, redis_script, small_ticks
from benchmarks.case import Benchmark
from benchmarks.results import Result

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark
    for benchmark in (
        decode.BENCHMARK,
        redis_script.BENCHMARK,
        memory_driver.BENCHMARK,
        memory.BENCHMARK,
        small_ticks.BENCHMARK,
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
    of: Callable[[Result], float]


def per_cpu_second(result: Result) -> float:
    return result.events_per_cpu_second


def per_second(result: Result) -> float:
    return result.events_per_second


def figure(name: str) -> Callable[[Result], float]:
    """One of the figures of a result."""
    return lambda result: result.figures.get(name, float("nan"))


TARGETS = (
    Target("decode", "tidemark", "good", "records a CPU-second", 1_500_000, True, per_cpu_second),
    Target("redis", "tidemark", "", "people a second", 150_000, True, per_second),
    Target("memory-driver", "tidemark", "", "events a second", 150_000, True, per_second),
    Target("memory", "tidemark", "one by one", "us an id", 1.0, False, figure("us_an_id")),
    Target("memory", "tidemark", "as columns", "us an id", 1.0, False, figure("us_an_id")),
    Target("small-ticks", "tidemark", ", 10 events", "ms a tick", 0.3, False, figure("ms_a_tick")),
    Target("small-ticks", "tidemark", ", 100 events", "ms a tick", 1.0, False, figure("ms_a_tick")),
)


def targets_of(name: str, result: Result) -> list[Target]:
    """The targets that a result is held against."""
    return [
        target
        for target in TARGETS
        if (target.benchmark, target.engine) == (name, result.engine) and target.case in result.case
    ]


def met(target: Target, result: Result) -> bool:
    """Whether it was reached, by right rows."""
    value = target.of(result)
    return result.rows_equal and (value >= target.value if target.least else value <= target.value)
