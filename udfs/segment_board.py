"""All segments of a configuration side by side: which of them need a new look, and how a person stands to each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from udfs.facts import Facts
from udfs.scores import NEVER, Score, ScoreSpec
from udfs.segment_terms import score_part
from udfs.segments import CATEGORY, OUTSIDE, Segment, Standing
from udfs.time import Millis

Standings = Mapping[str, Standing]


class Board:
    """Judges a person; a segment is looked at only if a part that it reads has changed or its time has come."""

    def __init__(self, segments: tuple[Segment, ...], scores: Mapping[str, ScoreSpec]) -> None:
        by_category = [spec.name for spec in scores.values() if spec.by_category]
        self._single = [segment for segment in segments if not segment.is_family]
        self._families = [
            _Family(segment, [name for name in by_category if score_part(name) in segment.reads])
            for segment in segments
            if segment.is_family
        ]

    def judge(
        self,
        was: Standings,
        facts: Facts,
        scores: Mapping[str, Score],
        changed: Collection[str] | None,
        at: Millis,
        clock: Millis,
    ) -> Standings:
        """How the person stands now; the same object if nothing is different.

        `changed` are the parts of the person that have changed, None looks at everything anew.
        """
        now: dict[str, Standing] = {} if changed is None else dict(was)
        for name, segment, view in self._in_question(was, scores, changed, clock):
            standing = segment.judge(was.get(name, OUTSIDE), facts, view, at, clock)
            if not standing.is_idle:
                now[name] = standing
            elif name in now:
                del now[name]
        return was if now == was else now

    def _in_question(
        self, was: Standings, scores: Mapping[str, Score], changed: Collection[str] | None, clock: Millis
    ) -> Iterator[tuple[str, Segment, Mapping[str, Score]]]:
        for segment in self._single:
            if changed is None or not segment.reads.isdisjoint(changed) or was.get(segment.name, OUTSIDE).due <= clock:
                yield segment.name, segment, scores
        for family in self._families:
            anew = changed is None or not family.segment.reads.isdisjoint(changed)
            for name in family.names(was, scores if anew else {}):
                if anew or was[name].due <= clock:
                    yield name, family.segment, family.view(name, scores)


def next_due(standing: Standings) -> Millis:
    """When the next segment needs a new look by the clock alone; NEVER if none does."""
    return min([one.due for one in standing.values()], default=NEVER)


class _Family:
    """One condition for many categories: each sees the scores of its own under the name with `<category>`."""

    def __init__(self, segment: Segment, owners: list[str]) -> None:
        self.segment = segment
        self._stem = segment.name.removesuffix(CATEGORY)
        self._owners = owners

    def names(self, was: Standings, scores: Mapping[str, Score]) -> list[str]:
        """The segments of all categories that the person has a score in or stands to."""
        names = {name for name in was if name.startswith(self._stem)}
        for key in scores:
            owner, dot, category = key.partition(".")
            if dot and owner in self._owners:
                names.add(self._stem + category)
        return sorted(names)

    def view(self, name: str, scores: Mapping[str, Score]) -> dict[str, Score]:
        category = name.removeprefix(self._stem)
        own = {f"{owner}.{CATEGORY}": scores.get(f"{owner}.{category}") for owner in self._owners}
        return {**scores, **{key: score for key, score in own.items() if score is not None}}
