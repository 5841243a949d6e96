"""The Flink environment of a job: the settings that make it exactly once, and names for what the dashboard shows."""

from __future__ import annotations

from collections.abc import Mapping

from pyflink.common import Configuration
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.table import StreamTableEnvironment

from connectors.settings import Settings
from connectors.shard_labels import KEY_GROUPS


def environment(
    settings: Settings, more: Mapping[str, str] | None = None
) -> tuple[StreamExecutionEnvironment, StreamTableEnvironment]:
    """An environment for one job; what is set neither here nor in `more` is the cluster's."""
    configuration = Configuration()
    for key, value in {**_options(settings), **(more or {})}.items():
        configuration.set_string(key, value)
    streams = StreamExecutionEnvironment.get_execution_environment(configuration)
    return streams, StreamTableEnvironment.create(streams)


def _options(settings: Settings) -> dict[str, str]:
    return {
        "parallelism.default": str(settings.parallelism),
        "pipeline.max-parallelism": str(KEY_GROUPS),
        "pipeline.object-reuse": "true",
        "pipeline.auto-generate-uids": "false",
        # A watermark that passes hundreds of ticks at once completes them all in front of the next barrier.
        "pipeline.auto-watermark-interval": "20 ms",
        "execution.checkpointing.interval": f"{settings.checkpoint_interval} ms",
        "execution.checkpointing.mode": "EXACTLY_ONCE",
        # Snappy is most of what RocksDB costs here: young files, which live for seconds, go without it.
        "state.backend.rocksdb.compression.per.level": "NO_COMPRESSION;NO_COMPRESSION;SNAPPY_COMPRESSION",
        "table.local-time-zone": "UTC",
        # A bundle holds the watermark back until it is full or this old, so it bounds the delay of quiet hours.
        "python.fn-execution.bundle.size": "100",
        "python.fn-execution.bundle.time": "50",
        "python.map-state.write-cache-size": "100000",
    }
