"""All scores of a person side by side: what an event adds to them, and when the next of them changes."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

import msgspec

from udfs import scores as counts
from udfs.events import Event
from udfs.interests import slug
from udfs.orders import COMPLETED
from udfs.scores import NEVER, Score, ScoreSpec
from udfs.segment_terms import score_part
from udfs.time import Millis

Scores = Mapping[str, Score]


class Counted(msgspec.Struct, frozen=True, gc=False):
    """The scores after an event, the `parts` of the person that changed, and the `keys` by category among them.

    `until` (ms) is when it is shown that the event counts, by the clock alone, -1 if that must be looked up.
    """

    scores: Scores
    parts: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()
    until: Millis = NEVER


class ScoreSheet:
    """Scores by key: the name of the score, for one by category followed by a dot and the category (`views.shoes`).

    Shown are those that are not by category. Of the others those of `categories` are kept; None: all.
    """

    def __init__(self, specs: Mapping[str, ScoreSpec], categories: Collection[str] | None = None) -> None:
        self._specs = specs
        self._categories = categories
        self._shown = {name: spec for name, spec in specs.items() if not spec.by_category}
        self._resets = frozenset(spec.name for spec in specs.values() if spec.reset_on_order)
        names = {name for spec in specs.values() for name in spec.weights}
        self._weighed = {name: _weighing(specs.values(), name) for name in names}
        self._parts = {name: frozenset(score_part(spec.name) for spec, _ in self._weighed[name]) for name in names}

    def after(self, scores: Scores, event: Event) -> Counted:
        """The scores after an event."""
        if event.name == COMPLETED and self._resets:
            scores = {key: score for key, score in scores.items() if owner(key) not in self._resets}
            counted = self._added(scores, event)
            return Counted(counted.scores, counted.parts | {score_part(name) for name in self._resets}, (), -1)
        return self._added(scores, event)

    def _added(self, scores: Scores, event: Event) -> Counted:
        if event.name not in self._weighed:
            return Counted(scores)
        at, until, moment = event.at, NEVER, _moment(event.user)
        after = dict(scores)
        keys: list[str] = []
        for spec, weight in self._weighed[event.name]:
            if spec.by_category:
                for category in _of_products(event):
                    if self._categories is None or category in self._categories:
                        key = f"{spec.name}.{category}"
                        after[key] = counts.add(after.get(key), spec, at, weight)
                        keys.append(key)
            else:
                after[spec.name] = counts.add(after.get(spec.name), spec, at, weight)
                until = min(until, at - at % spec.slide + spec.slide + _lag(moment, spec))
        return Counted(after, self._parts[event.name], tuple(keys), until)

    def values(self, scores: Scores, at: Millis) -> dict[str, int]:
        """Every shown score at `at`, which is not before the last event."""
        return {name: counts.value(scores.get(name), spec, at) for name, spec in self._shown.items()}

    def next_shown(self, user: str, scores: Scores, at: Millis) -> Millis:
        """When the person is shown the next change after `at` of a score by the clock alone; NEVER if there is none."""
        moment, soonest = _moment(user), NEVER
        for name, score in scores.items():
            if (spec := self._shown.get(name)) is not None:
                soonest = min(soonest, counts.next_change(score, spec, at) + _lag(moment, spec))
        return soonest

    def pruned(self, scores: Scores, at: Millis) -> Scores:
        """Without the slides that count no more at `at`, and without the scores in which none is left."""
        specs = self._specs
        gone = [key for key, score in scores.items() if counts.next_gone(score, specs[owner(key)]) <= at]
        if not gone:
            return scores
        left = dict(scores)
        for key in gone:
            left[key] = counts.prune(left[key], self._specs[owner(key)], at)
            if not left[key].buckets:
                del left[key]
        return left

    def fitted(self, scores: Scores) -> Scores:
        """What these scores, kept by other definitions, are worth under these ones."""
        specs = self._specs
        return {
            key: counts.fitted(score, specs[owner(key)])
            for key, score in scores.items()
            if owner(key) in specs and specs[owner(key)].by_category == ("." in key)
        }


def _moment(user: str) -> int:
    """A whole number below 2**32 of the person's own."""
    return zlib.crc32(user.encode())


def _lag(moment: int, spec: ScoreSpec) -> Millis:
    """How much later somebody is shown what the clock alone does to a score: within half of its slide, each at a moment
    of their own, or everybody would be written at one instant. Segments do not wait for it."""
    return moment * (spec.slide // 2) >> 32


@lru_cache(maxsize=4096)
def owner(key: str) -> str:
    """The name of the score that a key belongs to."""
    return key.partition(".")[0]


def _weighing(specs: Iterable[ScoreSpec], name: str) -> tuple[tuple[ScoreSpec, int], ...]:
    return tuple((spec, spec.weights[name]) for spec in specs if name in spec.weights)


def _of_products(event: Event) -> list[str]:
    """The categories of an event's products, each once."""
    if event.lines and len(event.lines) == 1:
        category = event.lines[0].category
        return [slug(category)] if category else []
    return sorted({slug(line.category) for line in event.lines or () if line.category})
