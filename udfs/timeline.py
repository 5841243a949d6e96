"""What holds at which time: learned in any order and any number of times, asked for any instant."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Generic, TypeVar

from udfs.time import Millis

T = TypeVar("T")

_BEYOND = 1 << 63  # higher than any place in the log


class Timeline(Generic[T]):
    """A pure function of event time: shards that stand at different times may share it, and each asks for its own.

    An answer is one comparison as long as the instants asked for lie in the span of the last one.
    """

    __slots__ = ("_begin", "_end", "_holds", "_marks", "_said")

    def __init__(self) -> None:
        self._marks: list[tuple[Millis, int]] = []
        self._said: list[T] = []
        self._begin = self._end = 0
        self._holds: T | None = None

    def learn(self, since: Millis, order: int, said: T) -> None:
        """It holds from `since` (ms) until something else does; of one instant the highest `order` wins."""
        mark = since, order
        place = bisect_left(self._marks, mark)
        if self._marks[place : place + 1] != [mark]:
            self._marks.insert(place, mark)
            self._said.insert(place, said)
            self._begin = self._end = 0

    def at(self, at: Millis) -> T | None:
        """What holds at `at`; None before the first."""
        if self._begin <= at < self._end:
            return self._holds
        place = bisect_right(self._marks, (at, _BEYOND))
        self._begin = self._marks[place - 1][0] if place else -_BEYOND
        self._end = self._marks[place][0] if place < len(self._marks) else _BEYOND
        self._holds = self._said[place - 1] if place else None
        return self._holds

    def until(self, at: Millis, order: int = _BEYOND) -> list[T]:
        """All that has held at any time up to and including `at`, in its order, and of that instant up to `order`."""
        return self._said[: bisect_right(self._marks, (at, order))]

    def forget_before(self, at: Millis) -> None:
        """Leave behind what no longer holds at `at`, nor at any time after it."""
        gone = max(0, bisect_right(self._marks, (at, _BEYOND)) - 1)
        del self._marks[:gone], self._said[:gone]
        self._begin = self._end = 0

    def __len__(self) -> int:
        return len(self._marks)
