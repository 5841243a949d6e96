"""Runs `profiles` or `campaigns` as shipped over what lies in a namespace, from the start of a cluster to its end."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import redis

from benchmarks import servers
from benchmarks.many_campaigns import written
from benchmarks.program import arguments, told
from benchmarks.runner import HOME
from benchmarks.shop_input import RUN_ON
from cli.submission import Wish, submit
from connectors import broker
from connectors.flink_rest import Cluster
from connectors.topics import OUTPUTS, full_name

POLL_S = 0.5


def main() -> None:
    said = arguments("job", "namespace", "campaigns")
    namespace = os.environ["TIDEMARK_NAMESPACE"] = f"{said.namespace}-{said.events}"
    kafka, store = os.environ["TIDEMARK_KAFKA"], redis.Redis.from_url(os.environ["TIDEMARK_REDIS"])
    store.flushall()
    starts = {f"{at.topic}/{at.partition}": end for at, end in outputs_end(kafka, namespace).items()}
    servers.forget_deployment()
    wish = Wish(said.job, live_from=0, until_end=True, run_on=RUN_ON)
    if said.campaigns:
        wish = replace(wish, config=written(int(said.campaigns), HOME / f"campaigns-{said.campaigns}"))
    with servers.cluster():
        before = {name: servers.cpu_of(name) for name in ("kafka", "valkey")}
        began = time.perf_counter()
        cluster, number = Cluster(os.environ["TIDEMARK_FLINK"]), submit(wish)
        while (state := cluster.state(number)) not in ("FINISHED", "FAILED", "CANCELED"):
            time.sleep(POLL_S)
        elapsed = time.perf_counter() - began
        if state != "FINISHED":
            raise SystemExit(f"{said.job} ended as {state}: {cluster.failures(number)[:1]}")
        outside = {f"{name}_cpu_s": servers.cpu_of(name) - spent for name, spent in before.items()}
        sizes = checkpoint_figures(cluster, number)
    told(elapsed, starts=starts, people=people_in(store), **outside, **sizes)


def outputs_end(kafka: str, namespace: str) -> broker.Ends:
    """Where the output topics end now."""
    return broker.end_offsets(kafka, [full_name(topic.name, namespace) for topic in OUTPUTS])


def checkpoint_figures(cluster: Cluster, number: str) -> dict[str, float]:
    """How many checkpoints there were, and of all that completed the size (MB) and duration (s).

    Flink's own list of checkpoints holds the last ten only, and a job that ends begins as many in vain.
    """
    told = cluster._call("GET", f"/jobs/{number}/checkpoints")
    if not (completed := told["counts"]["completed"]):
        return {"checkpoints": 0}
    size, duration = told["summary"]["state_size"], told["summary"]["end_to_end_duration"]
    return {
        "checkpoints": completed,
        "state_mb": size["max"] / 2**20,
        "checkpoint_median_s": duration["p50"] / 1000,
        "checkpoint_max_s": duration["max"] / 1000,
    }


def people_in(store: redis.Redis) -> int:
    """How many profiles there are."""
    return sum(1 for _ in store.scan_iter(match="*:u:*", count=10_000))


if __name__ == "__main__":
    main()
