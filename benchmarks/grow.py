"""`grow`: the campaigns job as events, people and shards grow: speed, memory, state and checkpoints.

Ticks of a minute, as a replay chooses them. State is what the last checkpoint holds, an active person whoever is
remembered at the end.
"""

from __future__ import annotations

from benchmarks.case import Benchmark, Case, Options
from benchmarks.shop_jobs import START_UP, check_of, ready

POINTS = ((1_000_000, 50_000, 4), (3_000_000, 300_000, 16), (10_000_000, 1_000_000, 64))  # events, people, shards
USUAL = 3_000_000


def cases(options: Options) -> list[Case]:
    """The points up to so many events; a smaller one where fewer than the first are asked for."""
    most = options.events or USUAL
    points = [point for point in POINTS if point[0] <= most] or [(most, max(most // 20, 1), 4)]
    return [_case(events, people, shards, options.cores or 1) for events, people, shards in points]


def _case(events: int, people: int, shards: int, cores: int) -> Case:
    program = ("benchmarks.flink_job", "--events", "{events}", "--job", "campaigns", "--namespace", f"grow-{people}")
    settings = {"TIDEMARK_TICK": "1min", "TIDEMARK_SHARDS": str(shards), "TIDEMARK_CHECKPOINT_INTERVAL": "5s"}
    return Case(
        "tidemark", f"{events:,} events of {people:,} people, {shards} shards", program, events,
        min(START_UP, events // 4), cores, runs=1, environment=settings, check=check_of("campaigns", people),
    )  # fmt: skip


BENCHMARK = Benchmark(
    "grow",
    "the campaigns from one million events of 50,000 people upwards",
    4_000,
    cases,
    ready,
    (
        "10 M events of 1 M people (`--events 10000000`) take an hour with loading and judging, and state of more than "
        "what the table shows was not made.",
        "Each point was run once.",
    ),
)
