"""Wires a job between its topics: ticks in, the operator, all output topics in one transaction per checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from pyflink.datastream import DataStream
from pyflink.datastream.data_stream import KeyedStream

from connectors.broker import end_offsets
from connectors.config_files import Files
from connectors.flink_environment import environment
from connectors.flink_input import ticks
from connectors.flink_names import name_operators
from connectors.flink_output import sink
from connectors.settings import PREFIX, SettingError, Settings
from connectors.topics import full_name, read_by
from udfs.time import Millis


@dataclass(frozen=True, slots=True)
class Run:
    """What one submission says beside the settings; times are ms.

    Signals before `live_from` are only recorded; `history_from` is the first event time the deployment has seen. A
    bounded run reads to the ends of now and decides nothing beyond `stop_at`. `caught_up_at` is where readers of Redis
    change over to this run's epoch. Outputs up to `write_after` lie in their topics already and are not written again.
    """

    live_from: Millis
    history_from: Millis
    stop_at: Millis | None = None
    caught_up_at: Millis | None = None
    write_after: Millis | None = None


class Inputs(NamedTuple):
    """Complete, sorted ticks of all input topics, keyed by shard."""

    ticks: KeyedStream


class Outputs(NamedTuple):
    """The records of each tick, and the topics they may go to."""

    records: DataStream
    topics: tuple[str, ...]


Topology = Callable[[Inputs, Settings, Run, Files], Outputs]


def execute(name: str, topology: Topology, settings: Settings, run: Run, files: Files) -> None:
    """Build the job `name` and hand it to Flink; SettingError if a slot would have no partition to read."""
    topics = [full_name(topic.name, settings.namespace) for topic in read_by(name, settings.read_back)]
    _check_parallelism(settings, topics)
    streams, tables = environment(settings)
    outputs = topology(Inputs(ticks(tables, topics, settings, run.stop_at is not None)), settings, run, files)
    leaving = [full_name(topic, settings.namespace) for topic in outputs.topics]
    sink(tables, outputs.records, leaving, name, settings)
    name_operators(streams)
    streams.execute(job_name(name, settings))


def _check_parallelism(settings: Settings, topics: list[str]) -> None:
    """A reader without a partition never tells its time, and would hold the tide for ever."""
    partitions = len(end_offsets(settings.kafka, topics))
    if settings.parallelism > partitions:
        raise SettingError(
            f"{PREFIX}PARALLELISM is {settings.parallelism}, but the input topics have {partitions} partitions in all"
        )


def job_name(name: str, settings: Settings) -> str:
    """What the dashboard calls the job."""
    return f"tidemark {full_name(name, settings.namespace)}"
