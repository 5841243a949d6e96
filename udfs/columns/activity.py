"""What a shard knows of its people's activity: sums over hopping windows, and sessions with what happened in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from udfs.columns.counted import Counted, Measures
from udfs.columns.hopping_sums import HoppingSums, Sums
from udfs.columns.sessions import Session, Sessions
from udfs.time import Millis


class WindowEnded(msgspec.Struct, tag="w", array_like=True):
    """The sums of everybody with an event in the window that begins at `start`."""

    start: Millis
    sums: Sums

    def __len__(self) -> int:
        return len(self.sums)


class SessionsEnded(msgspec.Struct, tag="s", array_like=True):
    """Sessions that ended in one tick."""

    sessions: list[Session]

    def __len__(self) -> int:
        return len(self.sessions)


class Kept(msgspec.Struct, array_like=True):
    """What one tick added, and all that is needed to know of it later."""

    at: Millis
    users: list[str]
    weights: list[int]
    sessions: list[Session]


@dataclass(frozen=True)
class Activity:
    """The measures of an event, windows of `size` by `slide` (ms), and the `gap` that ends a session (ms)."""

    measures: Measures
    size: Millis
    slide: Millis
    gap: Millis

    @property
    def memory(self) -> Millis:
        """How long a tick's addition may still be asked for after the tick (ms)."""
        return max(self.size, self.gap)


class ActivityOfShard:
    """One shard's windows and sessions; `kept` is what the last tick added, for whoever stores it."""

    def __init__(self, activity: Activity) -> None:
        self._slide = activity.slide
        self._windows = HoppingSums(activity.size, activity.slide)
        self._sessions = Sessions(activity.gap)
        self.kept: Kept | None = None

    def tick(self, people: Counted, begin: Millis, until: Millis) -> Iterator[WindowEnded | SessionsEnded]:
        """Apply a complete tick, which lies in [begin, until]. Use each output before the next is asked for."""
        ended, touched = self._sessions.add(people)
        self._windows.add(begin - begin % self._slide, people.users, people.weights)
        self.kept = Kept(begin, people.users, people.weights, touched) if people.users else None
        for start, sums in self._windows.close(until):
            yield WindowEnded(start, sums)
        if ended := ended + self._sessions.close(until):
            yield SessionsEnded(ended)

    def restore(self, ticks: list[Kept], until: Millis) -> None:
        """Take back what was kept of ticks, when everything up to `until` had been told."""
        ticks = sorted(ticks, key=lambda kept: kept.at)
        for kept in ticks:
            self._windows.add(kept.at - kept.at % self._slide, kept.users, kept.weights)
        self._windows.resume(until)
        self._sessions.restore((session for kept in ticks for session in kept.sessions), until)

    def next_due(self) -> Millis | None:
        """When something may have to be told (ms), never too late; None if nothing is waiting."""
        return min(
            (due for due in (self._windows.next_due(), self._sessions.next_due()) if due is not None), default=None
        )
