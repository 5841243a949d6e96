"""Run the shared job to the end of its input on a Flink of its own: `python -m benchmarks.shared.tidemark_job`.

The events must have been loaded (`benchmarks.shared.load`). Prints a line `RESULT {...}`, with the prefix of the files
of its rows where `--rows` asks for them.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from benchmarks.shared import rows
from benchmarks.shared.job import INPUTS, ROWS, SharedWork
from benchmarks.shared.load import namespace
from connectors import broker
from connectors.settings import Settings, from_environment
from connectors.topics import full_name
from local_stack import flink
from udfs.time import MINUTE, SECOND, Millis

RUN_ON: Millis = 11 * MINUTE  # the last session has ended by then, and the last window too


def main() -> None:
    said = _parse()
    home = Path(tempfile.mkdtemp(prefix="tidemark-shared-"))
    try:
        _prepare_flink(home, said.parallelism)
        _run(said, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shared.tidemark_job", description=__doc__)
    parser.add_argument("--events", type=int, required=True, help="which loaded input")
    parser.add_argument("--tick", type=Millis, default=SECOND, help="ms")
    parser.add_argument("--shards", type=int, default=16)
    parser.add_argument("--parallelism", type=int, default=1)
    parser.add_argument("--checkpoint", type=Millis, default=2 * SECOND, help="ms between checkpoints")
    parser.add_argument("--rows", help="prefix of the two files that take the committed rows")
    return parser.parse_args()


def _run(said: argparse.Namespace, home: Path) -> None:
    settings = Settings(
        kafka=from_environment().kafka,
        namespace=namespace(said.events),
        bound=MINUTE,
        tick=said.tick,
        shards=said.shards,
        parallelism=said.parallelism,
        checkpoint_interval=said.checkpoint,
    )
    output = [full_name(ROWS, settings.namespace)]
    _make(settings.kafka, output[0])
    begins = broker.end_offsets(settings.kafka, output)
    began = time.monotonic()
    _execute(settings, home)
    result = {"elapsed": time.monotonic() - began}
    cpu = time.process_time()
    if said.rows:
        reader = broker.consumer(settings.kafka)
        ends = broker.end_offsets(settings.kafka, output)
        values = (record.value for record in broker.read_between(reader, begins, ends))
        result |= dict(zip(("windows", "sessions"), rows.write(values, said.rows), strict=True))
        result |= {"rows": said.rows, "cpu_after": time.process_time() - cpu}
        reader.close()
    print("RESULT " + json.dumps(result), flush=True)


def _execute(settings: Settings, home: Path) -> None:
    from connectors.flink_environment import environment
    from connectors.flink_input import ticks
    from connectors.flink_names import name_operators
    from connectors.flink_output import sink
    from udfs.operators.tick_operator import OUTPUT, TickOperator

    topics = [full_name(topic, settings.namespace) for topic in INPUTS]
    last = broker.last_event_time(settings.kafka, topics)
    assert last is not None
    streams, tables = environment(settings, _local(home))
    records = ticks(tables, topics, settings, bounded=True).process(
        TickOperator(SharedWork(settings), last + RUN_ON), OUTPUT
    )
    records.name("Windows and sessions").uid("shared")
    leaving = [full_name(topic, settings.namespace) for topic in (ROWS, "dead-letters")]
    sink(tables, records, leaving, "shared", settings)
    name_operators(streams)
    streams.execute("shared")


def _local(home: Path) -> dict[str, str]:
    return {
        "taskmanager.memory.managed.size": "256m",  # as for the peer; a slot of the local stack has 200
        "state.backend.type": "rocksdb",
        "execution.checkpointing.incremental": "true",
        "execution.checkpointing.dir": f"file://{home}/flink/checkpoints",
        "restart-strategy.type": "none",
    }


def _prepare_flink(home: Path, parallelism: int) -> None:
    """A configuration and a folder of jars as the stack's; the cluster itself is this process's JVM."""
    flink.prepare(home, flink.Ports(0, 0, 0))
    os.environ |= flink.environment(home)
    os.environ["POLARS_MAX_THREADS"] = "1"


def _make(kafka: str, topic: str) -> None:
    from kafka.admin import KafkaAdminClient, NewTopic

    admin = KafkaAdminClient(bootstrap_servers=kafka)
    if topic not in admin.list_topics():
        admin.create_topics([NewTopic(topic, 2, 1)], timeout_ms=10_000)
    admin.close()


if __name__ == "__main__":
    main()
