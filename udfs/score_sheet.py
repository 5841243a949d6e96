"""All scores of a person side by side: what an event adds to them, and when the next of them changes."""

from __future__ import annotations

from collections.abc import Mapping

from udfs import scores as counts
from udfs.events import Event
from udfs.interests import slug
from udfs.orders import COMPLETED
from udfs.scores import NEVER, Score, ScoreSpec
from udfs.segment_terms import score_part
from udfs.time import Millis

Scores = Mapping[str, Score]


class ScoreSheet:
    """Scores by key: the name of the score, for one by category followed by a dot and the category (`views.shoes`)."""

    def __init__(self, specs: Mapping[str, ScoreSpec]) -> None:
        self._specs = specs
        self._resets = tuple(spec for spec in specs.values() if spec.reset_on_order)
        self._weighed: dict[str, list[tuple[ScoreSpec, int]]] = {}
        for spec in specs.values():
            for name, weight in spec.weights.items():
                self._weighed.setdefault(name, []).append((spec, weight))

    def after(self, scores: Scores, event: Event) -> tuple[Scores, set[str]]:
        """The scores after an event, and which parts of the person that changed."""
        weighed = self._weighed.get(event.name)
        resets = self._resets if event.name == COMPLETED else ()
        if not weighed and not resets:
            return scores, set()
        reset = {spec.name for spec in resets}
        after = {key: score for key, score in scores.items() if owner(key) not in reset} if reset else dict(scores)
        for spec, weight in weighed or ():
            for key in _keys(spec, event):
                after[key] = counts.add(after.get(key), spec, event.at, weight)
        reset.update(spec.name for spec, _ in weighed or ())
        return after, {score_part(name) for name in reset}

    def values(self, scores: Scores, at: Millis) -> dict[str, int]:
        """Every score at `at`, which is not before the last event; those by category where there is one."""
        keys = [name for name, spec in self._specs.items() if not spec.by_category]
        keys += sorted(key for key in scores if "." in key)
        return {key: counts.value(scores.get(key), self._specs[owner(key)], at) for key in keys}

    def next_change(self, scores: Scores, at: Millis) -> Millis:
        """When the value of any score next changes by the clock alone; NEVER if none does."""
        return min(
            [counts.next_change(score, self._specs[owner(key)], at) for key, score in scores.items()], default=NEVER
        )

    def pruned(self, scores: Scores, at: Millis) -> Scores:
        """Without the slides that count no more at `at`, and without the scores in which none is left."""
        after = {key: counts.prune(score, self._specs[owner(key)], at) for key, score in scores.items()}
        return {key: score for key, score in after.items() if score.buckets}

    def fitted(self, scores: Scores) -> Scores:
        """What these scores, kept by other definitions, are worth under these ones."""
        specs = self._specs
        return {
            key: counts.fitted(score, specs[owner(key)])
            for key, score in scores.items()
            if owner(key) in specs and specs[owner(key)].by_category == ("." in key)
        }


def owner(key: str) -> str:
    """The name of the score that a key belongs to."""
    return key.partition(".")[0]


def _keys(spec: ScoreSpec, event: Event) -> list[str]:
    if not spec.by_category:
        return [spec.name]
    return sorted({f"{spec.name}.{slug(line.category)}" for line in event.lines or () if line.category})
