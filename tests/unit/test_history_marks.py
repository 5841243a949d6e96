"""Effective times of a history are those that ingest, Kafka's partitions and the jobs would give it."""

from __future__ import annotations

import heapq
from typing import Any, cast

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.effective_time import Marks
from connectors.history_marks import effective_times, merged_order
from connectors.intake import Intake, Tide
from udfs.time import MINUTE, SECOND, Millis

BOUND = 5 * SECOND
LANES = 10
steps = st.tuples(st.integers(-20_000, 20_000), st.integers(0, LANES - 1))


class Beating:
    """An Intake that only notes marks, as Kafka and the jobs behind it do."""

    def __init__(self) -> None:
        self.last: Millis | None = None
        self.marks = Marks(BOUND)

    def beat(self, at: Millis) -> None:
        for lane in range(LANES):
            self.marks.effective("lane", lane, at)

    def send(self, at: Millis, lane: int) -> Millis:
        self.last = at if self.last is None else max(self.last, at)
        return self.marks.effective("lane", lane, at)


@settings(max_examples=60, deadline=None)
@given(moves=st.lists(steps, min_size=1, max_size=400), pace=st.integers(0, MINUTE))
def test_effective_times_are_those_of_the_marks_and_heartbeats(moves: list[tuple[int, int]], pace: int) -> None:
    """Lines out of order by more than the bound are late, in their own partition and behind every heartbeat."""
    moves = moves * (1 + 1500 // len(moves))  # long enough for several heartbeats
    at = [1_790_000_000_000 + number * pace + jump for number, (jump, _) in enumerate(moves)]
    beating = Beating()
    tide = Tide(cast(Intake, cast(Any, beating)))
    expected = []
    for when, (_, lane) in zip(at, moves, strict=True):
        expected.append(beating.send(when, lane))
        tide.rise()
    lanes = np.array([lane for _, lane in moves], np.uint8)
    assert effective_times(np.array(at, np.int64), lanes, BOUND).tolist() == expected


@given(files=st.lists(st.lists(st.integers(0, 20), min_size=1), min_size=1, max_size=4))
def test_several_files_are_merged_as_ingest_merges_them(files: list[list[int]]) -> None:
    """The file whose next line is the earliest goes on."""
    numbered, begin = [], 0
    for file in files:
        numbered.append([(at, begin + number) for number, at in enumerate(file)])
        begin += len(file)
    merged = [position for _, position in heapq.merge(*numbered, key=lambda line: line[0])]
    assert merged_order([np.array(file, np.int64) for file in files]).tolist() == merged
