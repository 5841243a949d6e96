"""The servers around a measured engine: Kafka and Valkey run unmeasured, each Flink cluster is measured from its start.

Kafka keeps its data, so an input that was loaded once is there for the next benchmark.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks import process_tree
from benchmarks.runner import HOME, BenchmarkError, say
from local_stack import addresses, flink, kafka, ports, processes, services, valkey
from local_stack.addresses import Addresses

STACK = HOME / "stack"
UNMEASURED = ("kafka", "valkey", "metrics")
CLUSTER = ("jobmanager", "taskmanager")


@contextlib.contextmanager
def around() -> Iterator[Addresses]:
    """Kafka, an empty Valkey and the metrics page, on all cores; what was left of an earlier run is stopped first."""
    with _alone():
        processes.stop(STACK, None)
        shutil.rmtree(STACK / "valkey", ignore_errors=True)
        try:
            yield _start()
        finally:
            processes.stop(STACK, UNMEASURED)
            processes.stop(STACK, None)


def _start() -> Addresses:
    with ports.reserved(lambda: say("Another stack is starting: waiting until its ports are known ...")):
        port = ports.choose(ports.USUAL)
        addresses.write_ports(STACK, port)
        where = addresses.of_ports(STACK, port)
        kafka.start(STACK, port["kafka"], port["kafka_controller"])
        valkey.start(STACK, port["valkey"])
        services.start_metrics(STACK, port["metrics"], where.metrics)
    return where


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two benchmarks at once would measure each other, and share one folder of data."""
    STACK.mkdir(parents=True, exist_ok=True)
    with (STACK / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchmarkError(
                f"Another benchmark runs on the servers in {STACK}: wait until it has ended."
            ) from None
        yield


@contextlib.contextmanager
def cluster() -> Iterator[None]:
    """A new Flink cluster on the cores of this process, counted with it; its checkpoints are gone afterwards."""
    port = addresses.read_ports(STACK)
    shutil.rmtree(STACK / "flink", ignore_errors=True)
    try:
        flink.start(STACK, flink.Ports(port["flink"], port["flink_rpc"], port["metrics"]), CLUSTER)
        yield
    finally:
        processes.stop(STACK, CLUSTER)


def cpu_of(part: str) -> float:
    """Seconds of CPU that a server has used so far."""
    running = processes.find(STACK, part)
    if running is None:
        raise BenchmarkError(f"{part} does not run in {STACK}")
    return process_tree.cpu_of(running.pid)


def environment(where: Addresses, namespace: str, **settings: str) -> dict[str, str]:
    """What `tidemark submit` is told; `settings` are TIDEMARK_ variables without the prefix."""
    chosen = {f"TIDEMARK_{name.upper()}": value for name, value in settings.items()}
    return {**where.environment(), "TIDEMARK_NAMESPACE": namespace, **chosen}


def forget_deployment(home: Path = STACK) -> None:
    """Let the next submission begin anew."""
    (home / "deployment.json").unlink(missing_ok=True)
