"""Effective time is a function of the log: the same sum as the jobs' SQL, told to a person by `explain`."""

from __future__ import annotations

from connectors.effective_time import Marks


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
