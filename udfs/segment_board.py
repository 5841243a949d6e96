"""All segments of a configuration side by side: which of them need a new look, and how a person stands to each."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import msgspec

from udfs.facts import Facts, unknown
from udfs.scores import NEVER, Score, ScoreSpec
from udfs.segment_terms import score_part
from udfs.segments import CATEGORY, OUTSIDE, Segment, Standing
from udfs.time import Millis

Standings = Mapping[str, Standing]
Scores = Mapping[str, Score]


class Change(msgspec.Struct, frozen=True, gc=False):
    """Which parts of the `facts` of a person changed, which `scores`, and which of those by category, by their `keys`.

    `facts` None means that everything may have changed.
    """

    facts: frozenset[str] | None = frozenset()
    scores: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()


EVERYTHING = Change(None)


class Board:
    """Judges a person; a segment is looked at only if a part that it reads has changed or its time has come."""

    def __init__(self, segments: tuple[Segment, ...], scores: Mapping[str, ScoreSpec]) -> None:
        by_category = [spec.name for spec in scores.values() if spec.by_category]
        self._single = {segment.name: segment for segment in segments if not segment.is_family}
        self._families = [_Family(segment, by_category) for segment in segments if segment.is_family]
        self._readers: dict[tuple[frozenset[str], frozenset[str]], tuple[list[Segment], list[_Family]]] = {}
        self._stranger: tuple[Standings | None, Millis, Millis] = None, NEVER, NEVER

    def stranger(self, clock: Millis) -> Standings | None:
        """How somebody of whom nothing is known stands when deadlines up to `clock` have passed: the same for all, so
        that their first event is a change like any other. None if that is in a segment, or on the way into one."""
        standing, since, until = self._stranger
        if not since <= clock < until:
            now = self.judge({}, unknown(clock), {}, EVERYTHING, clock, clock)
            standing = now if all(one.since is None and one.holding is None for one in now.values()) else None
            self._stranger = standing, clock, next_due(now)
        return standing

    def judge(
        self, was: Standings, facts: Facts, scores: Scores, change: Change, at: Millis, clock: Millis
    ) -> Standings:
        """How the person stands at `at`, deadlines up to `clock` having passed; the same object if nothing differs."""
        now: dict[str, Standing] = {}
        segments, families = self._reading(change)
        for segment in segments:
            now[segment.name] = segment.judge(was.get(segment.name, OUTSIDE), facts, scores, at, clock)
        for family in families:
            for name in family.concerned(was, scores, change):
                now[name] = family.judge(name, was, facts, scores, at, clock)
        if change.facts is None:
            return {name: standing for name, standing in now.items() if not standing.is_idle}
        if clock == at:
            for name in [name for name, one in was.items() if one.due <= clock and name not in now]:
                now[name] = self._judge_one(name, was, facts, scores, at)
        return _merged(was, now)

    def _reading(self, change: Change) -> tuple[list[Segment], list[_Family]]:
        """Those that read a part that changed; looked up once for each set of parts."""
        if change.facts is None:
            return list(self._single.values()), self._families
        parts = change.facts, change.scores
        if (found := self._readers.get(parts)) is None:
            changed = change.facts | change.scores
            found = self._readers[parts] = (
                [one for one in self._single.values() if not one.reads.isdisjoint(changed)],
                [one for one in self._families if not one.segment.reads.isdisjoint(changed)],
            )
        return found

    def _judge_one(self, name: str, was: Standings, facts: Facts, scores: Scores, at: Millis) -> Standing:
        if name in self._single:
            return self._single[name].judge(was[name], facts, scores, at, at)
        family = next(family for family in self._families if name.startswith(family.stem))
        return family.judge(name, was, facts, scores, at, at)


class _Family:
    """One condition for many categories: each sees the scores of its own under the name with `<category>`."""

    def __init__(self, segment: Segment, by_category: list[str]) -> None:
        self.segment = segment
        self.stem = segment.name.removesuffix(CATEGORY)
        self._owners = [name for name in by_category if score_part(name) in segment.reads]
        self._common = segment.reads - {score_part(name) for name in self._owners}

    def concerned(self, was: Standings, scores: Scores, change: Change) -> Collection[str]:
        """The names that need a new look: of the categories that changed, or all that the person stands to."""
        if change.facts is None or (self._common and not self._common.isdisjoint(change.facts | change.scores)):
            return {name for name in was if name.startswith(self.stem)} | set(self._names(scores))
        return set(self._names(change.keys)) if change.keys else ()

    def _names(self, keys: tuple[str, ...] | Scores) -> Iterator[str]:
        for key in keys:
            owner, dot, category = key.partition(".")
            if dot and owner in self._owners:
                yield self.stem + category

    def judge(self, name: str, was: Standings, facts: Facts, scores: Scores, at: Millis, clock: Millis) -> Standing:
        category = name.removeprefix(self.stem)
        view = dict(scores) if self._common else {}
        for owner in self._owners:
            if (score := scores.get(f"{owner}.{category}")) is not None:
                view[f"{owner}.{CATEGORY}"] = score
        return self.segment.judge(was.get(name, OUTSIDE), facts, view, at, clock)


def _merged(was: Standings, judged: Standings) -> Standings:
    now: dict[str, Standing] | None = None
    for name, standing in judged.items():
        before = was.get(name, OUTSIDE)
        if standing is before or standing == before:
            continue
        now = dict(was) if now is None else now
        if standing.is_idle:
            now.pop(name, None)
        else:
            now[name] = standing
    return was if now is None else now


def next_due(standing: Standings) -> Millis:
    """When the next segment needs a new look by the clock alone; NEVER if none does."""
    return min([one.due for one in standing.values()], default=NEVER)
