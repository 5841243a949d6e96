"""Replayed time: when a line's moment has come, and what the clock shows until then."""

from __future__ import annotations

import time
from collections.abc import Callable

from connectors.intake import Intake
from udfs.time import SECOND, Millis

BEAT_SECONDS = 0.2


class Pace:
    """A clock that starts at the first event and runs `speed` times as fast as ours; it beats while it runs."""

    def __init__(
        self,
        intake: Intake,
        speed: float,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._intake, self._speed, self._now, self._sleep = intake, speed, now, sleep
        self._began = 0.0
        self._first: Millis | None = None
        self._said: Millis = 0
        self._every = max(SECOND, int(BEAT_SECONDS * SECOND * speed))

    def wait_for(self, at: Millis) -> None:
        """Return when the clock shows `at`; all events before it must have been sent."""
        if self._first is None:
            self._first, self._began, self._said = at, self._now(), at
        while (clock := self._clock(self._first)) < at:
            self._beat(clock)
            self._sleep(min((at - clock) / SECOND / self._speed, BEAT_SECONDS))
        self._beat(at)

    def _clock(self, first: Millis) -> Millis:
        return first + int((self._now() - self._began) * self._speed * SECOND)

    def _beat(self, at: Millis) -> None:
        if at >= self._said + self._every:
            self._intake.beat(at)
            self._said = at
