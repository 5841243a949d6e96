"""The drills by name, with what each of them breaks."""

from __future__ import annotations

import time
from contextlib import suppress
from importlib import import_module
from random import Random
from typing import NamedTuple

from connectors.flink_rest import Cluster, FlinkError
from local_stack.addresses import Addresses
from local_stack.drills.report import DrillError, Report, Say, Stage


class Drill(NamedTuple):
    """`module` lies in this package and has `run(stage)`."""

    name: str
    module: str
    breaks: str


DRILLS = {
    drill.name: drill
    for drill in (
        Drill("kill", "kill", "kill -9 of the TaskManager, of the Python worker alone, of the JobManager"),
        Drill("broker", "broker_away", "kill -9 of Kafka under load, and its return"),
        Drill("rescale", "rescale", "parallelism 1 to 2 to 1 from savepoints"),
        Drill("redis", "redis_loss", "FLUSHALL, a stall, older data after a failover; a rebuild that readers watch"),
        Drill("tide", "silence", "everybody falls silent but the clock; one topic loses its heartbeats and comes back"),
        Drill("savepoint", "old_savepoint", "a savepoint of the previous release, and state of a format nobody reads"),
        Drill("settings", "other_settings", "another tick, bound and shard count against old state; then the way on"),
    )
}
MOMENTS = 3


def run(name: str, addresses: Addresses, say: Say, seed: int | None = None, moments: int = MOMENTS) -> Report:
    """Make a drill on a running stack; KeyError if there is none of that name."""
    drill = DRILLS[name]
    seed = time.time_ns() % 1_000_000 if seed is None else seed
    say(f"{name}: {drill.breaks}; seed {seed}")
    report = Report(name, seed, say)
    try:
        import_module(f"local_stack.drills.{drill.module}").run(Stage(addresses, Random(seed), moments, report))
    except DrillError as error:
        report.check("the drill came to its end", False, str(error))
    finally:
        _cancel_jobs(addresses, drill)
    return report


def _cancel_jobs(addresses: Addresses, drill: Drill) -> None:
    """Leave the slots to the next drill; a cluster that does not answer has no jobs to cancel."""
    with suppress(FlinkError):
        Cluster(addresses.flink_rest).cancel_all(f"tidemark {drill.name}")
