"""The show from the curtain to the applause: history, the hour of sale, the day after, the verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.profile_reader import ProfileReader
from local_stack.addresses import Addresses
from local_stack.shop import clock as clocks
from local_stack.shop.arrival import BOUND, Deliveries, Delivery
from local_stack.shop.clock import ShopClock
from local_stack.shop.live_line import LiveLine, sentence
from local_stack.shop.player import beat_on, play_at_once, play_in_time
from local_stack.shop.script import T0, Plan
from local_stack.shop.tally import Tally
from local_stack.shop.till import Till
from local_stack.shop.verdict import Verdict, judge
from udfs.time import HOUR, MINUTE, Millis

SPEED = 30.0
QUIET = 4.0  # seconds without a word of the jobs: they have nothing more to say
PATIENCE = 120.0
WARM_UP = 20.0
CLOSING: Millis = 20 * MINUTE  # by then every cart of the sale has been bought or left
MORNING: Millis = CLOSING + 9 * HOUR  # by then it is day in Sydney and Tokyo, and what was held there has been decided

Say = Callable[[str], None]


@dataclass(slots=True)
class Show:
    """Owns nothing: the stack, the tally and the till are opened and closed by whoever runs the show."""

    where: Addresses
    plan: Plan
    post: Deliveries
    till: Till
    tally: Tally
    say: Say
    began: float = field(default_factory=time.monotonic)

    def first_hour(self) -> None:
        """Enough for the jobs to see when history begins; the rest would only compete with their submission."""
        play_at_once(self.till, self._history(since=0, until=self._begins + HOUR))

    def history(self) -> None:
        started = time.monotonic()
        play_at_once(self.till, [*self._history(since=self._begins + HOUR, until=T0), Delivery(T0)])
        took = time.monotonic() - started
        self.say(f"{self.plan.days} days of history: {self.till.events:,} events taken in within {took:.0f} s.")

    @property
    def _begins(self) -> Millis:
        return self.post.history[0].arrives

    def _history(self, since: Millis, until: Millis) -> list[Delivery]:
        return [letter for letter in self.post.history if since <= letter.arrives < until]

    def warm_up(self) -> None:
        """Open the shop when the jobs know the history; after a while open it all the same."""
        started = time.monotonic()
        tide = ProfileReader(self.where.redis, "").tide
        while not (through := (tide() or 0) >= T0 - 2 * BOUND) and time.monotonic() - started < WARM_UP:
            time.sleep(0.2)
        took = f"{time.monotonic() - started:.0f} s"
        self.say(
            f"The jobs have been through it within {took}."
            if through
            else f"The jobs are still at it after {took}; the shop opens meanwhile."
        )

    def sale(self) -> None:
        """The live part, in shop time."""
        clock = ShopClock.starting(T0, SPEED)
        clock.save(self.where.home)
        line = LiveLine(self.tally, self.till, clock)
        play_in_time(self.till, self.post.live, clock, self._and_note_first_mail(line))
        clocks.stop(self.where.home)
        line.end(self.plan.live_end)

    def day_after(self) -> None:
        """At full speed, with a halt wherever mails were decided that would expire while the day rushes by."""
        since = 0
        for until in (self.plan.live_end + CLOSING, self.plan.live_end + MORNING, self.plan.end):
            self._at_once([letter for letter in self.post.day_after if since < letter.arrives <= until], until)
            since = until

    def _at_once(self, letters: list[Delivery], until: Millis) -> None:
        play_at_once(self.till, letters)
        self.till.take(Delivery(until))
        self.till.flush()
        self._settle(until)

    def verdict(self) -> Verdict:
        events, doubled = self.tally.counter("events"), self.tally.counter("duplicates")
        return judge(self.where.kafka, self.plan, self.post, events, doubled)

    def figures(self) -> str:
        late, doubled = self.tally.counter("late"), self.tally.counter("duplicates")
        return sentence(self.till.events, late, doubled, self.tally.counts)

    def stay_open(self) -> None:
        """Let the shop's clock run for whoever wants to try it; ends with Ctrl-C."""
        clock = ShopClock.starting(self.plan.end, SPEED)
        clock.save(self.where.home)
        self.say("\nThe shop stays open until you press Ctrl-C.")
        beat_on(self.till, clock, lambda: None)

    def _and_note_first_mail(self, line: LiveLine) -> Callable[[], None]:
        told = False

        def watch() -> None:
            nonlocal told
            line()
            if not told and self.tally.first_mail is not None:
                told = True
                line.say(f"The first mail is out, {self.tally.first_mail - self.began:.0f} s after the start.")

        return watch

    def _settle(self, at: Millis) -> None:
        """Wait until the tide is near `at`, moves no more, every trigger is answered, and nobody says more."""
        tide = ProfileReader(self.where.redis, "").tide
        until = time.monotonic() + PATIENCE
        last, since = self._said(tide()), time.monotonic()
        while time.monotonic() < until:
            time.sleep(0.2)
            if (now := self._said(tide())) != last:
                last, since = now, time.monotonic()
            reached = (tide() or 0) >= at - HOUR  # Redis is told a time only when somebody changes
            if reached and not self.tally.counts.unanswered and time.monotonic() - since > QUIET:
                return

    def _said(self, tide: Millis | None) -> tuple[Millis | None, int, int, int, int]:
        counts = self.tally.counts
        return tide, counts.signals, counts.segment_changes, counts.mails, counts.unanswered
