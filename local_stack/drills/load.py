"""The demo shop's events as a load: some hundreds a second while a drill breaks things, the rest at once in the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from local_stack.drills.report import DrillError
from local_stack.drills.scene import Scene
from local_stack.shop.arrival import BOUND, Delivery, deliveries
from local_stack.shop.script import Plan
from local_stack.shop.till import Till
from udfs.time import DAY, HOUR, Millis

EVENTS_A_SECOND = 200  # at most
LONGEST_WAIT: Millis = 10 * DAY  # beyond it nothing is due any more
SLICE_S = 0.1


def letters(seed: int, size: int = 1) -> list[Delivery]:
    """The play of a shop, late and doubled calls and garbage included: 6,000 letters and 5,000 for each `size`."""
    post = deliveries(Plan(seed=seed, visits_a_day=80 * size))
    return [*post.history, *post.live, *post.day_after]


class Load:
    """Feeds letters into a scene from a thread of its own while it is used in a `with`."""

    def __init__(self, scene: Scene, post: Sequence[Delivery]) -> None:
        self.sent = 0
        self._scene = scene
        self._post = post
        self._till = Till(scene.addresses.kafka, scene.namespace)
        self._hands = threading.Lock()
        self._flows = threading.Event()
        self._over = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._feed, name="load", daemon=True)

    def give(self, count: int) -> None:
        """Send so many letters now."""
        with self._hands:
            for letter in self._post[self.sent : self.sent + count]:
                self._till.take(letter)
            self.sent = min(self.sent + count, len(self._post))
            self._till.flush()

    def flow(self) -> None:
        """Feed steadily from now on."""
        self._flows.set()

    def hold(self) -> None:
        """Feed nothing until the next `flow`."""
        self._flows.clear()
        with self._hands:  # the slice in hand is through
            return

    def settle(self) -> Millis:
        """Let the tide rise behind the last letter, into the middle of a tick; the last instant that is decided then.

        Letters that follow may be late by it; that is a function of the log like everything else.
        """
        settings = self._scene.jobs_settings
        until = self._post[self.sent - 1].arrives // settings.tick * settings.tick + settings.tick
        self._scene.beat(until + settings.tick // 2 + settings.bound)
        return until - 1

    def finish(self) -> Millis:
        """Send all that is left, and heartbeats until nothing is due any more; the time up to which all is decided."""
        self.rest()
        self.give(len(self._post))
        last = self._post[-1].arrives + LONGEST_WAIT
        self._scene.beat(last + BOUND + HOUR)
        return last

    def rest(self) -> None:
        """Feed no more; IntakeError or DrillError if the feeding went wrong."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(timeout=150)
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> Self:
        self._till.__enter__()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=150)
        self._till.__exit__(kind, error, trace)

    def _feed(self) -> None:
        try:
            while not self._over.wait(SLICE_S):
                if self._flows.is_set():
                    self._slice()
        except Exception as error:  # told to whoever calls rest()
            self._failure = error

    def _slice(self) -> None:
        began = time.monotonic()
        self.give(int(EVENTS_A_SECOND * SLICE_S))
        if self.sent == len(self._post):
            raise DrillError("the load ended before the drill did: it lacks letters")
        time.sleep(max(0.0, SLICE_S - (time.monotonic() - began)) / 2)
