"""Sessions of each person: events follow one another by no more than a gap; a longer silence ends the session."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

import msgspec

from udfs.columns.counted import Counted
from udfs.time import SECOND, Millis


class Session(msgspec.Struct, array_like=True, gc=False):
    """A person's session; `marks` are the bits of all its events."""

    user: str
    first: Millis
    last: Millis
    events: int
    marks: int


class Sessions:
    """The open sessions of a shard. An event exactly `gap` after the last one still belongs to the session.

    Whoever is open waits in the second of his deadline, or an earlier one, and is looked at when that comes.
    """

    def __init__(self, gap: Millis) -> None:
        self._gap = gap
        self._open: dict[str, Session] = {}
        self._waiting: dict[int, list[str]] = {}
        self._seconds: list[int] = []

    def add(self, tick: Counted) -> tuple[list[Session], list[Session]]:
        """One tick: the sessions that it ended, and those that it began or went on with."""
        ended: list[Session] = []
        touched: list[Session] = []
        gap, known = self._gap, self._open
        for user, first, last, events, marks in zip(
            tick.users, tick.firsts, tick.lasts, tick.events, tick.marks, strict=True
        ):
            session = known.get(user)
            if session is not None and first - session.last <= gap:
                if first < session.first:
                    session.first = first
                if last > session.last:
                    session.last = last
                session.events += events
                session.marks |= marks
            else:
                if session is None:
                    self._wait(user, last + gap)
                else:
                    ended.append(session)
                session = known[user] = Session(user, first, last, events, marks)
            touched.append(session)
        return ended, touched

    def close(self, until: Millis) -> list[Session]:
        """The sessions whose gap has passed by `until`, inclusive."""
        ended: list[Session] = []
        later: list[tuple[str, Millis]] = []
        while self._seconds and self._seconds[0] * SECOND <= until:
            for user in self._waiting.pop(heapq.heappop(self._seconds)):
                due = self._open[user].last + self._gap
                if due <= until:
                    ended.append(self._open.pop(user))
                else:
                    later.append((user, due))
        for user, due in later:
            self._wait(user, due)
        return ended

    def restore(self, sessions: Iterable[Session], until: Millis) -> None:
        """Take back what `add` touched, in its order; what had ended by `until` stays ended."""
        for session in sessions:
            self._open[session.user] = session
        self._open = {user: session for user, session in self._open.items() if session.last + self._gap > until}
        for user, session in self._open.items():
            self._wait(user, session.last + self._gap)

    def next_due(self) -> Millis | None:
        """When the next session may end (ms), never too late; None if none is open."""
        return self._seconds[0] * SECOND if self._seconds else None

    def _wait(self, user: str, due: Millis) -> None:
        second = due // SECOND
        if (waiting := self._waiting.get(second)) is None:
            self._waiting[second] = [user]
            heapq.heappush(self._seconds, second)
        else:
            waiting.append(user)
