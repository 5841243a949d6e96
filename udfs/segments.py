"""A person enters a segment when its condition has held long enough, and leaves it when it holds no more."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from udfs.facts import Facts
from udfs.scores import NEVER
from udfs.segment_conditions import Condition, compiled
from udfs.segment_grammar import Node, names
from udfs.segment_terms import Scores, Vocabulary
from udfs.time import Millis

CATEGORY = "<category>"


@dataclass(frozen=True, slots=True)
class SegmentSpec:
    """A segment as written: without `leave` a person leaves when `enter` is no longer true; `stay` in ms.

    A name with `<category>` in it is a family, one segment for each category that the person has a score in.
    """

    name: str
    enter: Node
    leave: Node | None = None
    stay: Millis = 0

    @property
    def is_family(self) -> bool:
        return CATEGORY in self.name

    @property
    def names(self) -> list[str]:
        """Everything that its conditions name."""
        return [name.text for node in (self.enter, self.leave) if node is not None for name in names(node)]


class Standing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How a person stands to one segment: member `since`, or `enter` true since `holding`; look again at `due` (ms)."""

    since: Millis | None = None
    holding: Millis | None = None
    due: Millis = NEVER

    @property
    def is_idle(self) -> bool:
        """Nothing to remember: an outsider whom the clock alone will not bring in."""
        return self.since is None and self.holding is None and self.due == NEVER


OUTSIDE = Standing()


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment ready to judge; it needs a new look when one of the parts in `reads` changes, or at `due`."""

    name: str
    enter: Condition
    leave: Condition | None
    stay: Millis
    reads: frozenset[str]
    is_family: bool

    def judge(self, standing: Standing, facts: Facts, scores: Scores, at: Millis, clock: Millis) -> Standing:
        """How the person stands at `at`, deadlines up to and including `clock` having passed.

        An event at `at` comes before the deadlines of the same instant: then `clock` is `at` - 1.
        """
        entering, leaving, due = self._wishes(standing, facts, scores, clock)
        if standing.since is not None:
            if not leaving:
                return Standing(standing.since, None, due)
            return self.judge(OUTSIDE, facts, scores, at, clock)
        if not entering:
            return OUTSIDE if due == NEVER else Standing(None, None, due)
        holding = at if standing.holding is None else standing.holding
        if self.stay and clock < holding + self.stay:
            return Standing(None, holding, min(due, holding + self.stay))
        return self.judge(Standing(at), facts, scores, at, clock) if self.leave else Standing(at, None, due)

    def _wishes(self, standing: Standing, facts: Facts, scores: Scores, clock: Millis) -> tuple[bool, bool, Millis]:
        """(may enter, must leave, until when at least both are so)."""
        if self.leave is None:
            truth, due = self.enter.ask(facts, scores, clock)
            return truth is True, truth is not True, due
        if standing.since is not None:
            truth, due = self.leave.ask(facts, scores, clock)
            return False, truth is True, due
        truth, due = self.enter.ask(facts, scores, clock)
        if truth is not True:
            return False, False, due
        truth, out_due = self.leave.ask(facts, scores, clock)
        return truth is not True, False, min(due, out_due)


def segment(spec: SegmentSpec, vocabulary: Vocabulary) -> Segment:
    """The segment of a spec; ConditionError if a condition names what does not exist."""
    enter = compiled(spec.enter, vocabulary)
    leave = compiled(spec.leave, vocabulary) if spec.leave is not None else None
    reads = enter.reads | (leave.reads if leave else frozenset())
    return Segment(spec.name, enter, leave, spec.stay, reads, spec.is_family)
