"""What is known of a person after every event and at every instant: facts, scores, and the segments that follow."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from udfs import facts as parts
from udfs.events import ERASURE, Event
from udfs.outputs import SegmentChange
from udfs.profile_config import ProfileConfig
from udfs.profile_state import ProfileState
from udfs.profile_view import Fields, view
from udfs.score_sheet import Counted, ScoreSheet
from udfs.scores import NEVER, Score
from udfs.segment_board import EVERYTHING, Board, Change, Standings, next_due
from udfs.segment_terms import FARTHEST
from udfs.step import Step
from udfs.time import Millis

PROFILE_TTL: Millis = FARTHEST

ENTER, LEAVE = "enter", "leave"
EVENT, CLOCK, DEFINITION = "event", "clock", "definition"

Changes = tuple[SegmentChange, ...]


Profiled = Step[ProfileState, SegmentChange]


class ProfileRule:
    """Keeps the profile of a person for 400 days after their last event, and tells who enters and leaves segments.

    `history_from` (ms) is the first event time that the deployment has seen; what reaches behind it is unknown.
    """

    def __init__(self, config: ProfileConfig, history_from: Millis) -> None:
        self.config = config
        self.version = config.version
        self.sheet = ScoreSheet(config.scores, config.categories)
        self._board = Board(config.compiled(history_from), config.scores)

    def on_event(self, state: ProfileState | None, event: Event) -> Profiled:
        """An event comes before the deadlines of its own instant, hence the clock that is 1 ms behind."""
        at, clock = event.at, event.at - 1
        if event.name == ERASURE:
            return Step(None, changes(event.user, state.standing if state else {}, {}, at, EVENT))
        told: Changes = ()
        judged = True
        if state is None:
            standing = self._board.stranger(clock)
            judged = standing is not None
            state = ProfileState(event.user, parts.unknown(at), self.version, standing=standing or {})
        elif state.definition != self.version:
            state, told = self._redefined(state, at, clock)
        facts = parts.fold(state.facts, event, self.config.parts)
        counted = self.sheet.after(state.scores, event)
        change = Change(parts.differing(state.facts, facts), counted.parts, counted.keys) if judged else EVERYTHING
        standing = self._board.judge(state.standing, facts, counted.scores, change, at, clock)
        shown_until = self._shown_after(state, counted, at)
        after = ProfileState(state.user, facts, self.version, counted.scores, standing, shown_until, at)
        return self._step(after, (*told, *changes(state.user, state.standing, standing, at, EVENT)))

    def on_wake(self, state: ProfileState, at: Millis) -> Profiled:
        """The clock has come to `at` without an event."""
        if at >= state.facts.seen.last_event + PROFILE_TTL:
            return Step(None, changes(state.user, state.standing, {}, at, CLOCK))
        told: Changes = ()
        if state.definition != self.version:
            state, told = self._redefined(state, at, at)
        facts = parts.after_clock(state.facts, at)
        scores = self.sheet.pruned(state.scores, at)
        standing = state.standing
        if facts is not state.facts or next_due(standing) <= at:
            change = Change(parts.differing(state.facts, facts))
            standing = self._board.judge(standing, facts, scores, change, at, at)
        shown_until = self._shown_until(state.user, scores, at)
        after = ProfileState(state.user, facts, self.version, scores, standing, shown_until, at)
        return self._step(after, (*told, *changes(state.user, state.standing, standing, at, CLOCK)))

    def is_outdated(self, state: ProfileState) -> bool:
        """True if the configuration has changed since: wake the person to have the new definitions applied."""
        return state.definition != self.version

    def segments(self, state: ProfileState) -> tuple[str, ...]:
        """The segments that the person is in, by name."""
        return tuple(sorted(name for name, standing in state.standing.items() if standing.since is not None))

    def view(self, state: ProfileState) -> Fields:
        """The profile as flat readable fields."""
        return view(state, self.sheet)

    def _redefined(self, state: ProfileState, at: Millis, clock: Millis) -> tuple[ProfileState, Changes]:
        """The person under the present configuration, before anything else happens to them at `at`."""
        scores = self.sheet.fitted(state.scores)
        standing = self._board.judge(state.standing, state.facts, scores, EVERYTHING, at, clock)
        after = replace(state, definition=self.version, scores=scores, standing=standing, shown_until=clock)
        return after, changes(state.user, state.standing, standing, at, DEFINITION)

    def _shown_after(self, state: ProfileState, counted: Counted, at: Millis) -> Millis:
        """An event shows what was waiting to be shown, so what comes next is looked up if something was."""
        if state.shown_until < counted.until or counted.until < 0:
            return self._shown_until(state.user, counted.scores, at)
        return counted.until if self.config.shows_scores else NEVER

    def _shown_until(self, user: str, scores: Mapping[str, Score], at: Millis) -> Millis:
        return self.sheet.next_shown(user, scores, at) if self.config.shows_scores else NEVER

    def _step(self, state: ProfileState, emit: Changes) -> Profiled:
        wake_at = min(state.shown_until, next_due(state.standing), state.facts.seen.last_event + PROFILE_TTL)
        forgotten = state.facts.carts.next_forgotten()
        return Step(state, emit, wake_at if forgotten is None else min(wake_at, forgotten))


def changes(user: str, was: Standings, now: Standings, at: Millis, cause: str) -> Changes:
    """Who entered and who left between two standings, by the name of the segment."""
    if was is now:
        return ()
    before = {name for name, one in was.items() if one.since is not None}
    after = {name for name, one in now.items() if one.since is not None}
    if before == after:
        return ()
    return tuple(
        SegmentChange(user, name, ENTER if name in after else LEAVE, at, cause) for name in sorted(before ^ after)
    )
