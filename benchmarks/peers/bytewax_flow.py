"""The shared job on Bytewax 0.21: deduplication keyed by person, a sliding and a session window.

Its clock is frozen: by default Bytewax lets the wall clock raise the watermark, which closes windows of replayed time
at once and gives wrong rows.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import FixedPartitionedSource, StatefulSourcePartition
from bytewax.operators import windowing as w
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

from benchmarks.peers.engine_rows import DISORDER, GAP, SLIDE, WEIGHT, WINDOW, Rows, arguments, read

BATCH = 1_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FROZEN = datetime(2026, 1, 1, tzinfo=UTC)

Value = tuple[str, datetime, int, str]


class Lines(StatefulSourcePartition[Any, None]):  # type: ignore[misc]
    """The input in batches."""

    def __init__(self, events: Iterable[dict[str, Any]]) -> None:
        self._events = iter(events)

    def next_batch(self) -> list[dict[str, Any]]:
        batch = [event for _, event in zip(range(BATCH), self._events, strict=False)]
        if not batch:
            raise StopIteration
        return batch

    def snapshot(self) -> None:
        return None


class Input(FixedPartitionedSource[Any, None]):  # type: ignore[misc]
    """One partition."""

    def list_parts(self) -> list[str]:
        return ["events"]

    def build_part(self, step_id: str, for_part: str, resume_state: None) -> Lines:
        return Lines(read(SAID.lines, SAID.events))


class Keep(StatelessSinkPartition[Any]):  # type: ignore[misc]
    """Keeps rows of both kinds."""

    def write_batch(self, items: list[Any]) -> None:
        for user, row in items:
            (ROWS.windows if len(row) == 2 else ROWS.sessions).append((user, *row))


class Output(DynamicSink[Any]):  # type: ignore[misc]
    """One for each worker."""

    def build(self, step_id: str, worker_index: int, worker_count: int) -> Keep:
        return Keep()


def keyed(event: dict[str, Any]) -> tuple[str, Value]:
    at = event["ts"]
    return event["user_id"], (event["event_id"], EPOCH + timedelta(milliseconds=at), at, event["event_type"])


def new(state: dict[int, set[str]] | None, value: Value) -> tuple[dict[int, set[str]], tuple[Value, ...]]:
    """Remember ids by minute for three minutes, which is enough for this input."""
    state = {} if state is None else state
    minute = value[2] - value[2] % SLIDE
    ids = state.get(minute)
    if ids is None:
        ids = state[minute] = set()
        for old in [past for past in state if past < max(state) - 2 * SLIDE]:
            del state[old]
    if value[0] in ids:
        return state, ()
    ids.add(value[0])
    return state, (value,)


def into_session(session: list[int] | None, value: Value) -> list[int]:
    if session is None:
        session = [value[2], value[2], 0, 0, 0]
    session[0], session[1] = min(session[0], value[2]), max(session[1], value[2])
    session[2] += 1
    session[3] |= value[3] == "cart"
    session[4] |= value[3] == "purchase"
    return session


def merged(one: list[int] | None, other: list[int] | None) -> list[int] | None:
    if one is None or other is None:
        return one or other
    return [min(one[0], other[0]), max(one[1], other[1]), one[2] + other[2], one[3] | other[3], one[4] | other[4]]


def flow() -> Dataflow:
    """Input, deduplication, two windows, output."""
    clock = w.EventClock(
        lambda value: value[1],
        timedelta(milliseconds=DISORDER + 1),
        to_system_utc=lambda at: None,
        now_getter=lambda: FROZEN,
    )
    slide = w.SlidingWindower(timedelta(milliseconds=WINDOW), timedelta(milliseconds=SLIDE), EPOCH)
    session = w.SessionWindower(timedelta(milliseconds=GAP))
    made = Dataflow("shared_job")
    events = op.stateful_flat_map("new", op.map("key", op.input("input", made, Input()), keyed), new)
    sums = w.fold_window(
        "windows", events, clock, slide, int, lambda sum_, value: sum_ + WEIGHT[value[3]], int.__add__, ordered=False
    )
    spells = w.fold_window("sessions", events, clock, session, lambda: None, into_session, merged, ordered=False)
    windows = op.map("window rows", sums.down, lambda row: (row[0], (row[1][0] * SLIDE, row[1][1])))
    sessions = op.map("session rows", spells.down, lambda row: (row[0], tuple(row[1][1])))
    op.output("output", op.merge("rows", windows, sessions), Output())
    return made


if __name__ == "__main__":
    SAID = arguments()
    ROWS = Rows(SAID.rows)
    began = time.perf_counter()
    run_main(flow(), epoch_interval=timedelta(seconds=10))
    ROWS.done(time.perf_counter() - began)
