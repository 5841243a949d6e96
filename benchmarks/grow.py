"""`grow`: the jobs as events, people and shards grow: speed, memory, state and checkpoints.

Ticks of a minute, as a replay chooses them. State is what the last checkpoint holds, an active person whoever is
remembered at the end. That of `grow-state` is large by what a shop knew of its people before: 2.5 kB of traits each.
"""

from __future__ import annotations

from benchmarks.case import Benchmark, Case, Options
from benchmarks.shop_jobs import START_UP, TOLD, TRAITS, check_of, ready

Point = tuple[int, int, int]  # events, people, shards
CAMPAIGNS: tuple[Point, ...] = ((1_000_000, 50_000, 4), (3_000_000, 300_000, 16), (10_000_000, 1_000_000, 64))
PROFILES: tuple[Point, ...] = ((100_000, 50_000, 4), (600_000, 300_000, 16), (2_000_000, 1_000_000, 64))


def _of(name: str, job: str, points: tuple[Point, ...], traits: int = 0) -> Benchmark:
    (first, first_people, _), (usual, _, _), (most, most_people, _) = points

    def cases(options: Options) -> list[Case]:
        """The points up to so many events; a smaller one where fewer than the first are asked for."""
        asked = options.events or usual
        chosen = [point for point in points if point[0] <= asked] or [(asked, max(asked * first_people // first, 1), 4)]
        return [_case(job, point, options.cores or 1, traits) for point in chosen]

    return Benchmark(
        name,
        f"the job {job} from {first:,} events of {first_people:,} people upwards"
        + (", with 2.5 kB of traits each" if traits else ""),
        4_000,
        cases,
        ready,
        (f"`--events {most}` are those of {most_people:,} people, the largest shop that is measured.",),
    )


def _case(job: str, point: Point, cores: int, traits: int) -> Case:
    events, people, shards = point
    namespace = f"{TOLD if traits else 'grow-'}{people}"
    program = ("benchmarks.flink_job", "--events", "{events}", "--job", job, "--namespace", namespace)
    settings = {"TIDEMARK_TICK": "1min", "TIDEMARK_SHARDS": str(shards), "TIDEMARK_CHECKPOINT_INTERVAL": "5s"}
    return Case(
        "tidemark", f"{events:,} events of {people:,} people, {shards} shards", program, events,
        min(START_UP, events // 4), cores, environment=settings, check=check_of(job, people, traits=traits),
    )  # fmt: skip


BENCHMARKS = (_of("grow", "campaigns", CAMPAIGNS), _of("grow-state", "profiles", PROFILES, TRAITS))
