"""Sums of each person over windows of one size that begin at every slide, kept as one sum a person and slide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from udfs.time import Millis

Sums = dict[str, int]


class HoppingSums:
    """Windows [start, start + size) with at least one event, each told once it has ended; weights are at least 1.

    The sums of the window in hand are carried along: a slide comes in, another leaves, whoever stays is not touched.
    """

    def __init__(self, size: Millis, slide: Millis) -> None:
        if size % slide:
            raise ValueError(f"a window of {size} ms is no whole number of slides of {slide} ms")
        self._size = size
        self._slide = slide
        self._slides: dict[Millis, Sums] = {}
        self._sums: Sums = {}
        self._next_end: Millis | None = None

    def add(self, start: Millis, users: Iterable[str], weights: Iterable[int]) -> None:
        """Events of the slide that begins at `start`, which no window that was told may have held."""
        slide = self._slides.get(start, {})
        for user, weight in zip(users, weights, strict=True):
            slide[user] = slide.get(user, 0) + weight
        if slide:
            self._slides[start] = slide
            self._next_end = self._next_end or start + self._slide

    def close(self, until: Millis) -> Iterator[tuple[Millis, Sums]]:
        """(start, sums) of the windows that end by `until`, inclusive; sums are valid until the next is asked for."""
        while self._next_end is not None and self._next_end <= until + 1:
            end = self._next_end
            self._come_in(end - self._slide)
            if self._sums:
                yield end - self._size, self._sums
            self._leave(end - self._size)
            self._next_end = self._end_after(end)

    def resume(self, until: Millis) -> None:
        """After slides were added back from stored state: what stood at `until`, every window that had ended told."""
        end = (until + 1) // self._slide * self._slide
        self._sums = {}
        for start in sorted(self._slides):
            if start <= end - self._size:
                del self._slides[start]
            elif start < end:
                self._come_in(start)
        self._next_end = self._end_after(end)

    def next_due(self) -> Millis | None:
        """The last millisecond of the next window to be told, None if nothing is kept."""
        return None if self._next_end is None else self._next_end - 1

    def _end_after(self, end: Millis) -> Millis | None:
        """Where the next window ends behind `end`, or behind the silence that follows it."""
        if self._sums:
            return end + self._slide
        return min(self._slides) + self._slide if self._slides else None

    def _come_in(self, start: Millis) -> None:
        sums = self._sums
        for user, weight in self._slides.get(start, {}).items():
            sums[user] = sums.get(user, 0) + weight

    def _leave(self, start: Millis) -> None:
        sums = self._sums
        for user, weight in self._slides.pop(start, {}).items():
            left = sums[user] - weight
            if left:
                sums[user] = left
            else:
                del sums[user]
