"""The shared job as PyFlink's documentation would have it: a Python function for each event, window and session.

`--mode process` (the default of PyFlink: Python beside the JVM) or `--mode thread` (Python in the JVM).
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.peers.engine_rows import DISORDER, GAP, SLIDE, WEIGHT, WINDOW, arguments
from benchmarks.peers.flink_rows import java_home, printed

os.environ["JAVA_HOME"] = java_home()
# The Python inside the JVM does not know the environment that it was started from.
os.environ["PYTHONPATH"] = os.pathsep.join([os.environ.get("PYTHONPATH", ""), sysconfig.get_path("purelib")])

from pyflink.common import Configuration, Duration, Encoder, Time, Types, WatermarkStrategy
from pyflink.common.watermark_strategy import TimestampAssigner
from pyflink.datastream import (
    AggregateFunction,
    KeyedProcessFunction,
    ProcessWindowFunction,
    StreamExecutionEnvironment,
)
from pyflink.datastream.connectors.file_system import FileSink, FileSource, StreamFormat
from pyflink.datastream.state import MapStateDescriptor
from pyflink.datastream.window import EventTimeSessionWindows, SlidingEventTimeWindows

EVENT = Types.TUPLE([Types.STRING(), Types.LONG(), Types.STRING(), Types.STRING()])  # person, time, kind, id


def parsed(line: str) -> tuple[str, int, str, str]:
    import orjson

    event = orjson.loads(line)
    return event["user_id"], event["ts"], event["event_type"], event["event_id"]


class EventTime(TimestampAssigner):  # type: ignore[misc]
    """The event's own time."""

    def extract_timestamp(self, value: Any, record_timestamp: int) -> int:
        at: int = value[1]
        return at


class Once(KeyedProcessFunction):  # type: ignore[misc]
    """Remembers the ids of a person for three minutes, which is enough for this input."""

    def open(self, context: Any) -> None:
        self.seen = context.get_map_state(MapStateDescriptor("seen", Types.STRING(), Types.LONG()))

    def process_element(self, value: Any, ctx: Any) -> Iterator[Any]:
        if not self.seen.contains(value[3]):
            self.seen.put(value[3], value[1])
            ctx.timer_service().register_event_time_timer(value[1] - value[1] % SLIDE + 3 * SLIDE)
            yield value

    def on_timer(self, timestamp: int, ctx: Any) -> Iterable[Any]:
        for name in [name for name, at in self.seen.items() if at <= timestamp - 2 * SLIDE]:
            self.seen.remove(name)
        return ()


class Sum(AggregateFunction):  # type: ignore[misc]
    """Weights."""

    def create_accumulator(self) -> int:
        return 0

    def add(self, value: Any, accumulator: int) -> int:
        return accumulator + WEIGHT[value[2]]

    def get_result(self, accumulator: int) -> int:
        return accumulator

    def merge(self, one: int, other: int) -> int:
        return one + other


class WindowRow(ProcessWindowFunction):  # type: ignore[misc]
    """Person, start, sum."""

    def process(self, key: str, context: Any, elements: Iterable[int]) -> Iterator[str]:
        yield f"{key},{context.window().start},{next(iter(elements))}"


class Session(AggregateFunction):  # type: ignore[misc]
    """First, last, events, cart, purchase."""

    def create_accumulator(self) -> tuple[int, ...]:
        return (1 << 62, 0, 0, 0, 0)

    def add(self, value: Any, so_far: tuple[int, ...]) -> tuple[int, ...]:
        at, kind = value[1], value[2]
        return self.merge(so_far, (at, at, 1, int(kind == "cart"), int(kind == "purchase")))

    def get_result(self, accumulator: tuple[int, ...]) -> tuple[int, ...]:
        return accumulator

    def merge(self, one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
        return min(one[0], other[0]), max(one[1], other[1]), one[2] + other[2], one[3] | other[3], one[4] | other[4]


class SessionRow(ProcessWindowFunction):  # type: ignore[misc]
    """Person and session."""

    def process(self, key: str, context: Any, elements: Iterable[tuple[int, ...]]) -> Iterator[str]:
        yield ",".join(map(str, (key, *next(iter(elements)))))


def main() -> None:
    said = arguments()
    folder = Path(f"{said.rows}.files")
    shutil.rmtree(folder, ignore_errors=True)
    configuration = Configuration()
    for key, value in {
        "parallelism.default": "1",
        "pipeline.object-reuse": "true",
        "python.execution-mode": said.mode,
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "taskmanager.memory.process.size": "4g",
    }.items():
        configuration.set_string(key, value)
    streams = StreamExecutionEnvironment.get_execution_environment(configuration)
    lines = FileSource.for_record_stream_format(StreamFormat.text_line_format(), str(said.lines.absolute())).build()
    late = WatermarkStrategy.for_bounded_out_of_orderness(Duration.of_millis(DISORDER))
    events = (
        streams.from_source(lines, WatermarkStrategy.no_watermarks(), "lines")
        .map(parsed, EVENT)
        .assign_timestamps_and_watermarks(late.with_timestamp_assigner(EventTime()))
        .key_by(lambda event: event[0], Types.STRING())
        .process(Once(), EVENT)
        .key_by(lambda event: event[0], Types.STRING())
    )
    windows = events.window(SlidingEventTimeWindows.of(Time.milliseconds(WINDOW), Time.milliseconds(SLIDE)))
    sessions = events.window(EventTimeSessionWindows.with_gap(Time.milliseconds(GAP)))
    five = Types.TUPLE([Types.LONG()] * 5)
    for name, rows in (
        ("windows", windows.aggregate(Sum(), WindowRow(), Types.LONG(), Types.STRING())),
        ("sessions", sessions.aggregate(Session(), SessionRow(), five, Types.STRING())),
    ):
        to = str((folder / name).absolute())
        rows.sink_to(FileSink.for_row_format(to, Encoder.simple_string_encoder()).build())
    began = time.perf_counter()
    streams.execute("shared job")
    printed(said.rows, folder, time.perf_counter() - began)


if __name__ == "__main__":
    main()
