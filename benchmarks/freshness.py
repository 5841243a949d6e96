"""`freshness`: both jobs live under a steady load, from an event to Redis and from a deadline to its committed trigger.

Carts are abandoned after 20 seconds and quiet hours are ignored, or five minutes would show too few triggers; the rest
is as shipped. Delays are by one machine's clock. What goes beyond the bound and the tick, which everything waits for,
is the machine's; a trigger waits for its checkpoint as well.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from uuid import uuid4

from benchmarks import servers
from benchmarks.case import Benchmark, Case, Options
from benchmarks.process_tree import MARK, Tree
from benchmarks.program import arguments, told
from benchmarks.runner import HOME
from connectors.config_files import CONFIG
from connectors.settings import from_environment

RATE = 10_000
SECONDS = {"latency": 300, "default": 60}
RUNGS = (("100ms", "100ms", "500ms"), ("200ms", "100ms", "1s"), ("500ms", "200ms", "1s"), ("1s", "500ms", "2s"))
RUNG_SECONDS = 30
WARM_UP_S = 30
SETTLE_S = 5
JOBS = ("profiles", "campaigns")


def cases(options: Options) -> list[Case]:
    """Each profile for its time; `--events` are those of the five minutes, so a 300th of them come in a second."""
    rate = max((options.events or RATE * SECONDS["latency"]) // SECONDS["latency"], 1)
    return [_case(f"profile {name}", {"PROFILE": name}, rate, seconds, options) for name, seconds in SECONDS.items()]


def rungs(options: Options) -> list[Case]:
    """Bound, tick and checkpoint interval from the lowest upwards, half a minute each."""
    return [
        _case(
            f"bound {bound}, tick {tick}, checkpoint {checkpoint}",
            {"BOUND": bound, "TICK": tick, "SHARDS": "4", "CHECKPOINT_INTERVAL": checkpoint},
            max((options.events or RATE * RUNG_SECONDS) // RUNG_SECONDS, 1),
            RUNG_SECONDS,
            options,
        )
        for bound, tick, checkpoint in RUNGS
    ]


def _case(label: str, settings: Mapping[str, str], rate: int, seconds: int, options: Options) -> Case:
    words = ("benchmarks.freshness", "--events", "{events}", "--rate", str(rate))
    environment = {f"TIDEMARK_{name}": value for name, value in settings.items()}
    label = f"{label}, both jobs, {rate:,} events/s"
    return Case("tidemark", label, words, rate * seconds, cores=options.cores or 2, environment=environment)


@contextlib.contextmanager
def ready(_: list[Case]) -> Iterator[Mapping[str, str]]:
    with servers.around() as where:
        yield where.environment()


BENCHMARK = Benchmark(
    "freshness",
    "event to Redis and deadline to committed trigger, live, with both jobs on the machine",
    30_000,
    cases,
    ready,
    (
        "Rows are called equal where both jobs ran without a failure, kept up and wrote triggers; `profiles` and "
        "`campaigns` compare them.",
    ),
)

SEARCH = Benchmark(
    "freshness-search",
    "the same at lower and lower bound, tick and checkpoint interval: which of them holds",
    30_000,
    rungs,
    ready,
    ("Half a minute for each setting.",),
)


def config() -> Path:
    """The shipped configuration with an impatient campaign."""
    folder = HOME / "config"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(CONFIG, folder)
    campaign = folder / "campaigns" / "cart_abandonment.toml"
    impatient = campaign.read_text().replace('wait = "10min"', 'wait = "20s"')
    campaign.write_text(impatient.replace('channel = "email"', 'channel = "email"\nquiet_hours = "ignore"', 1))
    return folder


def main() -> None:
    from benchmarks.watchers import CommittedTriggers, TicksInRedis, Watcher
    from cli.submission import Wish, submit
    from connectors.flink_rest import Cluster
    from local_stack import topic_set

    said = arguments("rate")
    namespace = os.environ["TIDEMARK_NAMESPACE"] = f"live-{uuid4().hex[:6]}"
    settings = from_environment()
    topic_set.create(settings.kafka, namespace, "live")
    servers.forget_deployment()
    with servers.cluster():
        numbers = [submit(Wish(job, live_from=0, config=config())) for job in JOBS]
        load(settings.kafka, namespace, said.rate, int(said.rate) * WARM_UP_S)
        ticks = TicksInRedis(settings.redis, namespace, settings.shards)
        triggers = CommittedTriggers(settings.kafka, namespace)
        watching = [Watcher(ticks.look), Watcher(triggers.look)]
        tree = Tree(os.environ.get(MARK, "none"))
        before = used(tree)
        began = time.time_ns() // 1_000_000
        loaded = load(settings.kafka, namespace, said.rate, said.events)
        ended = time.time_ns() // 1_000_000
        cpu = used(tree) - before
        time.sleep(SETTLE_S + (settings.bound + settings.tick + settings.checkpoint_interval) / 1000)
        for watcher in watching:
            watcher.close()
        cluster = Cluster(os.environ["TIDEMARK_FLINK"])
        healthy = all(cluster.state(number) == "RUNNING" and not cluster.failures(number) for number in numbers)
    waits = settings.bound + settings.tick
    shown = [(at, until) for at, until in ticks.seen if began + waits < until <= ended]
    decided = [(at, due) for at, due in triggers.seen if began + waits < due <= ended]
    kept_up = bool(shown) and max(until for _, until in ticks.seen) >= ended - waits - 1_000
    told(
        loaded["elapsed"],
        cpu,
        rows_equal=healthy and kept_up and bool(decided),
        **_delays(shown, decided, settings.bound, settings.tick),
        triggers=len(decided),
        bound_ms=settings.bound,
        tick_ms=settings.tick,
        checkpoint_ms=settings.checkpoint_interval,
        load_behind_max_s=loaded["behind_max_s"],
    )


def _delays(shown: list[tuple[int, int]], decided: list[tuple[int, int]], bound: int, tick: int) -> dict[str, float]:
    from benchmarks.watchers import percentiles

    spread = (0.0, 0.25, 0.5, 0.75, 1.0)  # where in its tick an event lies
    events = [at - until + int(tick * place) for at, until in shown for place in spread]
    return {
        **percentiles("event_to_redis", events),
        **percentiles("redis_beyond", [at - until - bound for at, until in shown]),
        **percentiles("deadline_to_trigger", [at - due for at, due in decided]),
        **percentiles("trigger_beyond", [at - (due // tick + 1) * tick - bound for at, due in decided]),
    }


def used(tree: Tree) -> float:
    """Seconds of CPU of the cluster so far, this program left out."""
    tree.look()
    return tree.cpu - time.process_time()


def load(kafka: str, namespace: str, rate: str, events: int) -> dict[str, float]:
    """Run the load, unmeasured, to its end."""
    words = ["--kafka", kafka, "--namespace", namespace, "--rate", rate, "--events", str(events)]
    environment = {name: value for name, value in os.environ.items() if name != MARK}
    program = [sys.executable, "-m", "benchmarks.paced_load", *words]
    ran = subprocess.run(program, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = {
        name: value
        for name, value in json.loads(ran.stdout.splitlines()[-1].removeprefix("RESULT ")).items()
        if isinstance(value, (int, float))
    }
    return found


if __name__ == "__main__":
    main()
