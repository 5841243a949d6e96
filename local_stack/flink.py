"""A Flink cluster of one JobManager and one TaskManager, out of the apache-flink package, configured apart from it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import urllib.request
from collections.abc import Collection
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from local_stack import java, loopback, processes
from local_stack.jars import JARS
from local_stack.ports import HOST

VERSION = version("apache-flink")
SETTINGS = """\
jobmanager.bind-host: {host}
jobmanager.rpc.address: {host}
jobmanager.rpc.port: {rpc}
jobmanager.memory.process.size: 1g
taskmanager.bind-host: {host}
taskmanager.host: {host}
taskmanager.memory.process.size: 2560m
taskmanager.memory.jvm-metaspace.size: 256m
taskmanager.numberOfTaskSlots: 4
rest.address: {host}
rest.bind-address: {host}
rest.port: {rest}
rest.bind-port: {rest}
# A stack lives for minutes: what the second compiler would optimise is not run long enough to pay for it.
env.java.opts.jobmanager: -XX:TieredStopAtLevel=1
env.java.opts.taskmanager: -XX:TieredStopAtLevel=1
env.java.opts.client: -XX:TieredStopAtLevel=1
parallelism.default: 1
pipeline.max-parallelism: 128
blob.storage.directory: {home}/blob
io.tmp.dirs: {home}/tmp
web.upload.dir: {home}/upload
python.executable: {python}
python.client.executable: {python}
# Each job would load Beam's classes anew and leave them behind: 28 MB of metaspace each, and soon none is left; from
# lib, and asked for there first, they are loaded once for all jobs (2 MB each; both over five jobs, 2026-11-23).
classloader.resolve-order: parent-first
state.backend.type: rocksdb
execution.checkpointing.incremental: true
execution.checkpointing.dir: file://{home}/checkpoints
execution.checkpointing.savepoint-dir: file://{home}/savepoints
execution.checkpointing.externalized-checkpoint-retention: RETAIN_ON_CANCELLATION
execution.checkpointing.num-retained: 3
execution.checkpointing.timeout: 2min
execution.checkpointing.tolerable-failed-checkpoints: 3
restart-strategy.type: exponential-delay
restart-strategy.exponential-delay.initial-backoff: 1s
restart-strategy.exponential-delay.max-backoff: 5s
restart-strategy.exponential-delay.reset-backoff-threshold: 1min
restart-strategy.exponential-delay.attempts-before-reset-backoff: 60
heartbeat.interval: 1000
heartbeat.timeout: 10000
# The pull reporter listens on every interface of the machine and cannot be told otherwise, so this one pushes.
metrics.reporter.push.factory.class: org.apache.flink.metrics.prometheus.PrometheusPushGatewayReporterFactory
metrics.reporter.push.hostUrl: http://{host}:{metrics}
metrics.reporter.push.jobName: flink
metrics.reporter.push.interval: 5 SECONDS
metrics.fetcher.update-interval: 2000
"""
REGISTERED = "Successful registration at resource manager"


class Ports(NamedTuple):
    """Where the cluster listens, and where it pushes its metrics."""

    rest: int
    rpc: int
    metrics: int


def start(home: Path, port: Ports, absent: Collection[str]) -> None:
    """Start the absent halves at once and wait until the TaskManager has offered its slots."""
    if "jobmanager" in absent:
        prepare(home, port)
    parts = [part for part in ("jobmanager", "taskmanager") if part in absent]
    for running in [start_part(home, part) for part in parts]:
        processes.wait_ready(running, lambda: overview(port.rest) is not None, 180)
        if running.part == "taskmanager":
            wait_registered(running)


def wait_registered(taskmanager: processes.Running) -> None:
    """Wait until this very TaskManager offers its slots; one that was killed is still counted for ten seconds."""
    log = Path(taskmanager.log)
    processes.wait_ready(taskmanager, lambda: log.is_file() and REGISTERED in log.read_text(errors="replace"), 180)


def start_part(home: Path, part: str) -> processes.Running:
    """Start the jobmanager or the taskmanager; the drills restart one that they have killed."""
    script = str(package() / "bin" / f"{part}.sh")
    return processes.start(home, part, ["/bin/bash", script, "start-foreground"], environment(home), VERSION)


def package() -> Path:
    """Return the folder of pyflink, which is the whole distribution; it is not imported, for that takes a second."""
    spec = find_spec("pyflink")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])


def environment(home: Path) -> dict[str, str]:
    """Return what Flink's scripts must be told, `flink run` as well."""
    folder = home / "flink"
    return {
        "JAVA_HOME": str(java.home()),
        "FLINK_HOME": str(package()),
        "FLINK_CONF_DIR": str(folder / "conf"),
        "FLINK_LIB_DIR": str(folder / "lib"),
        "FLINK_LOG_DIR": str(home / "logs"),
        "FLINK_PID_DIR": str(folder / "tmp"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
    }


def prepare(home: Path, port: Ports) -> None:
    """Write the configuration, and a lib folder that adds the connector and PyFlink's jar to Flink's own."""
    folder = home / "flink"
    for name in ("conf", "lib", "tmp"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for name in ("tmp", "blob", "upload", "checkpoints", "savepoints", "lib"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    shutil.copytree(package() / "conf", folder / "conf")
    said = {"host": HOST, "home": folder, "python": sys.executable, **port._asdict()}
    (folder / "conf" / "config.yaml").write_text(java_options() + SETTINGS.format(**said))
    python = next((package() / "opt").glob("flink-python-*.jar"))
    for jar in [*(package() / "lib").glob("*.jar"), python, *(JARS / "flink").glob("*.jar")]:
        (folder / "lib" / jar.name).symlink_to(jar)
    loopback.write_jar(python, folder / "lib")


# Ten times as much use as by default before the second compiler takes a method: a job spends a sixth less in its first
# million events (docs/decisions/054).
SECOND_COMPILER = {"Invocation": 50_000, "MinInvocation": 6_000, "Compile": 150_000, "BackEdge": 400_000}
LATER = [f"-XX:Tier4{what}Threshold={times}" for what, times in SECOND_COMPILER.items()]


def java_options() -> str:
    """Return the shipped Java options as a flat key, without those for a compiler, which a JRE lacks, and with ours."""
    shipped = (package() / "conf" / "config.yaml").read_text().splitlines()
    options = next(line.strip().removeprefix("all: ") for line in shipped if line.strip().startswith("all: --add"))
    kept = [option for option in options.split() if "jdk.compiler/" not in option]
    return f"env.java.opts.all: {' '.join([*kept, *LATER])}\n"


def overview(rest: int) -> dict[str, Any] | None:
    """Return what the cluster says of itself, None while it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{HOST}:{rest}/overview", timeout=2) as answer:
            told: dict[str, Any] = json.load(answer)
            return told
    except (OSError, ValueError):
        return None
