"""A score is a weighted count of a person's events over a sliding window, exact at every instant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from udfs.time import Millis

NEVER: Millis = 2**62


@dataclass(frozen=True, slots=True)
class ScoreSpec:
    """What a score counts: `weights` by event name over `window` ms, read at multiples of `slide` ms.

    The value at an instant is that of [end - window, end) where `end` is the last multiple of the slide up to it, so
    an event of the slide that begins at `start` counts from start + slide until just before start + slide + window.
    `by_category` keeps one such score for each category of product.
    """

    name: str
    window: Millis
    slide: Millis
    weights: Mapping[str, int] = field(default_factory=dict)
    reset_on_order: bool = False
    by_category: bool = False

    def known_from(self, history_from: Millis) -> Millis:
        """The first instant whose window lies wholly in what the deployment has seen."""
        return -(-(history_from + self.window) // self.slide) * self.slide


class Score(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The slides that still count or will, as (start, weight), oldest first; `total` is the sum of their weights."""

    buckets: tuple[tuple[Millis, int], ...]
    total: int


def add(score: Score | None, spec: ScoreSpec, at: Millis, weight: int) -> Score:
    """The score after an event at `at`, which is not before any event already in it."""
    slide = spec.slide
    start = at - at % slide
    if score is None:
        return Score(((start, weight),), weight)
    if score.buckets[0][0] + slide + spec.window < at:
        score = prune(score, spec, at - 1)
    buckets = score.buckets
    if not buckets:
        return Score(((start, weight),), weight)
    if buckets[-1][0] == start:
        return Score((*buckets[:-1], (start, buckets[-1][1] + weight)), score.total + weight)
    return Score((*buckets, (start, weight)), score.total + weight)


def value(score: Score | None, spec: ScoreSpec, at: Millis) -> int:
    """What the window that ends at the last multiple of the slide holds; `at` is not before the last event."""
    if score is None:
        return 0
    end = at - at % spec.slide
    begin = end - spec.window
    total = score.total
    for start, weight in reversed(score.buckets):
        if start < end:
            break
        total -= weight
    for start, weight in score.buckets:
        if start >= begin:
            break
        total -= weight
    return total


def next_change(score: Score | None, spec: ScoreSpec, at: Millis) -> Millis:
    """The next instant after `at` at which a slide begins or ceases to count, NEVER if none does."""
    if score is None:
        return NEVER
    slide, lasting = spec.slide, spec.slide + spec.window
    soonest = NEVER
    for start, _ in reversed(score.buckets):
        if start + slide <= at:
            break
        soonest = start + slide
    for start, _ in score.buckets:
        if start + lasting > at:
            return min(soonest, start + lasting)
    return soonest


def course(score: Score | None, spec: ScoreSpec, at: Millis) -> Iterable[tuple[Millis, int]]:
    """(since when, value) at `at` and after every change that the clock alone will bring."""
    now = value(score, spec, at)
    yield at, now
    if score is None:
        return
    slide, lasting = spec.slide, spec.slide + spec.window
    changes = [(start + slide, weight) for start, weight in score.buckets[-2:] if start + slide > at]
    changes += [(start + lasting, -weight) for start, weight in score.buckets if start + lasting > at]
    changes.sort()
    for number, (instant, weight) in enumerate(changes, 1):
        now += weight
        if number == len(changes) or changes[number][0] != instant:
            yield instant, now


def reaches(score: Score | None, spec: ScoreSpec, at: Millis, limit: int) -> tuple[bool, Millis]:
    """(whether the value at `at` is `limit` or more, when the clock alone will next change that, NEVER if not)."""
    if score is None:
        return limit <= 0, NEVER
    if score.total < limit:
        return False, NEVER
    end, now, gone = at - at % spec.slide, score.total, 0
    entering: list[tuple[Millis, int]] = []
    for start, weight in reversed(score.buckets):
        if start < end:
            break
        now -= weight
        entering.append((start + spec.slide, weight))
    for start, weight in score.buckets:
        if start >= end - spec.window:
            break
        now -= weight
        gone += 1
    truth = now >= limit
    if not truth and now + sum([weight for _, weight in entering]) < limit:
        return False, NEVER
    for start, weight in score.buckets[gone:]:
        leaves = start + spec.slide + spec.window
        while entering and entering[-1][0] <= leaves:
            enters, more = entering.pop()
            now += more
            if enters < leaves and (now >= limit) is not truth:
                return truth, enters
        now -= weight
        if (now >= limit) is not truth:
            return truth, leaves
    return truth, NEVER


def next_gone(score: Score, spec: ScoreSpec) -> Millis:
    """When the oldest slide ceases to count."""
    return score.buckets[0][0] + spec.slide + spec.window


def prune(score: Score, spec: ScoreSpec, at: Millis) -> Score:
    """The score without the slides that have ceased to count at `at`; the same object if there are none."""
    lasting = spec.slide + spec.window
    gone = 0
    for start, _ in score.buckets:
        if start + lasting > at:
            break
        gone += 1
    if not gone:
        return score
    left = score.buckets[gone:]
    return Score(left, sum(weight for _, weight in left))


def fitted(score: Score, spec: ScoreSpec) -> Score:
    """The score in slides of a changed length; what the old slides had joined stays joined."""
    buckets: dict[Millis, int] = {}
    for start, weight in score.buckets:
        begin = start - start % spec.slide
        buckets[begin] = buckets.get(begin, 0) + weight
    return Score(tuple(buckets.items()), score.total)
