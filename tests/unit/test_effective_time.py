"""Effective time is a function of the log: the same sum as the jobs' SQL, told to a person by `explain`."""

from __future__ import annotations

import copy
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from connectors.effective_time import Marks

BOUND = 10
Lane = tuple[str, int]
LANES = st.dictionaries(
    st.tuples(st.sampled_from(["cart", "purchase"]), st.integers(0, 1)),
    st.lists(st.integers(0, 60), min_size=1, max_size=12),
    min_size=1,
)
"""The times on each partition, in the order of its offsets."""


def test_disorder_within_the_bound_keeps_its_own_time() -> None:
    """Only who is passed by more than the bound is late."""
    marks = Marks(bound=10)
    assert [marks.effective("cart", 0, at) for at in (100, 91, 100)] == [100, 91, 100]


def test_a_late_record_counts_just_behind_the_mark_of_its_partition() -> None:
    """Exactly at the bound is late already: the watermark has passed it."""
    marks = Marks(bound=10)
    assert [marks.effective("cart", 0, at) for at in (100, 90, 5)] == [100, 91, 91]


def test_partitions_do_not_make_each_other_late() -> None:
    """A slow topic is slow, not late."""
    marks = Marks(bound=10)
    assert [marks.effective("cart", part, at) for part, at in ((0, 100), (1, 5))] == [100, 5]
    assert marks.effective("purchase", 0, 5) == 5


def test_the_tide_stands_at_the_slowest_partition() -> None:
    """Nothing is decided on what is not known."""
    marks = Marks(bound=10)
    assert marks.tide() is None
    for part, at in ((0, 100), (1, 50)):
        marks.effective("cart", part, at)
    assert marks.tide() == 40


def read(lanes: dict[Lane, list[int]], dice: Random, restarts: bool = False) -> dict[tuple[Lane, int], int]:
    """The effective time of every record, with the partitions read in some order; a restart goes back to a copy."""
    marks, at, found = Marks(BOUND), dict.fromkeys(lanes, 0), {}
    kept = copy.deepcopy((marks, at))
    while unread := [lane for lane in lanes if at[lane] < len(lanes[lane])]:
        lane = dice.choice(unread)
        found[lane, at[lane]] = marks.effective(*lane, lanes[lane][at[lane]])
        at[lane] += 1
        if restarts and dice.random() < 0.1:
            marks, at = copy.deepcopy(kept)
        elif dice.random() < 0.3:
            kept = copy.deepcopy((marks, at))
    return found


@given(LANES, st.integers(0, 99))
def test_who_is_late_depends_neither_on_who_reads_nor_on_restarts(lanes: dict[Lane, list[int]], seed: int) -> None:
    """A function of the log: any interleaving of the partitions, as other parallelisms have, and any return."""
    calm = read(lanes, Random(0))
    assert read(lanes, Random(seed)) == calm
    assert read(lanes, Random(seed), restarts=True) == calm


@given(LANES, st.integers(0, 99))
def test_nothing_counts_where_the_tide_has_passed(lanes: dict[Lane, list[int]], seed: int) -> None:
    """So Flink's windows drop nothing; and whoever was not passed by more than the bound keeps their own time."""
    dice, marks, at = Random(seed), Marks(BOUND), dict.fromkeys(lanes, 0)
    for lane, times in lanes.items():  # the tide is known when all partitions have told something
        marks.effective(*lane, times[0])
        at[lane] = 1
    while unread := [lane for lane in lanes if at[lane] < len(lanes[lane])]:
        lane = dice.choice(unread)
        own, tide = lanes[lane][at[lane]], marks.tide()
        effective = marks.effective(*lane, own)
        at[lane] += 1
        assert tide is not None
        assert effective > tide
        assert effective == own or max(lanes[lane][: at[lane]]) - own >= BOUND


def test_a_silent_topic_holds_the_tide_and_makes_nobody_late() -> None:
    """However far the others are."""
    marks = Marks(BOUND)
    marks.effective("purchase", 0, 100)
    for at in range(100, 5_000, 7):
        marks.effective("cart", 0, at)
    assert marks.tide() == 100 - BOUND
    assert marks.effective("purchase", 0, 101) == 101
