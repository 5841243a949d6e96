"""A shard is the people whose ids hash alike: it hands their events and wake-ups to a rule in event-time order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import Generic, TypeVar

from udfs.events import Event
from udfs.seen import SeenIds
from udfs.step import Rule, Step
from udfs.time import Millis

S = TypeVar("S")
O = TypeVar("O")  # noqa: E741 - the letter of the outputs in Rule[S, E, O]

_by_user = attrgetter("user")


def _in_order(event: Event) -> tuple[str, Millis, int, str]:
    return event.user, event.at, event.kind, event.message_id


class Shard(Generic[S, O]):
    """The resident people of one shard, their wake-ups, and the message ids of the last 24 hours.

    `changed` names who was touched since the owner last cleared it; a person in `changed` but not in `people` was
    forgotten. Outputs of one person come out in event-time order, people in the order of their ids.
    """

    def __init__(self, rule: Rule[S, Event, O], seen: SeenIds) -> None:
        self.rule = rule
        self.seen = seen
        self.people: dict[str, S] = {}
        self.wakes: dict[str, Millis] = {}
        self.changed: set[str] = set()
        self._alarms: list[tuple[Millis, str]] = []

    def restore(self, user: str, state: S, wake_at: Millis | None) -> None:
        """Take back a person from stored state."""
        self.people[user] = state
        self._set_alarm(user, wake_at)

    def next_alarm(self) -> Millis | None:
        """The earliest wake-up of anybody (ms), None if nobody waits."""
        while self._alarms and self.wakes.get(self._alarms[0][1]) != self._alarms[0][0]:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def tick(self, events: Iterable[Event], until: Millis) -> list[O]:
        """Apply a complete tick: every event up to and including `until`, and every wake-up due by then."""
        out: list[O] = []
        for user, theirs in groupby(sorted(events, key=_in_order), key=_by_user):
            for event in theirs:
                self._wake_before(user, event.at, out)
                if self.seen.is_new(user, event.message_id, event.at):
                    self._apply(user, self.rule.on_event(self.people.get(user), event), out)
        self._wake_until(until, out)
        self.seen.forget_before(until)
        return out

    def advance(self, until: Millis) -> list[O]:
        """Let the clock run to `until` without an event."""
        return self.tick((), until)

    def _wake_before(self, user: str, at: Millis, out: list[O]) -> None:
        while (due := self.wakes.get(user)) is not None and due < at:
            self._wake(user, due, out)

    def _wake_until(self, until: Millis, out: list[O]) -> None:
        while (due := self.next_alarm()) is not None and due <= until:
            self._wake(self._alarms[0][1], due, out)

    def _wake(self, user: str, due: Millis, out: list[O]) -> None:
        step = self.rule.on_wake(self.people[user], due)
        if step.wake_at is not None and step.wake_at <= due:
            raise ValueError(f"a rule asked at {due} to be woken at {step.wake_at}, which is not later")
        self._apply(user, step, out)

    def _apply(self, user: str, step: Step[S, O], out: list[O]) -> None:
        if step.state is not None:
            self.people[user] = step.state
            self._set_alarm(user, step.wake_at)
            self.changed.add(user)
        elif self.people.pop(user, None) is not None:
            self._set_alarm(user, None)
            self.changed.add(user)
        out.extend(step.emit)

    def _set_alarm(self, user: str, wake_at: Millis | None) -> None:
        if wake_at is None:
            self.wakes.pop(user, None)
        elif self.wakes.get(user) != wake_at:
            self.wakes[user] = wake_at
            heapq.heappush(self._alarms, (wake_at, user))
            if len(self._alarms) > 4 * len(self.wakes) + 1_000:
                self._forget_moved_alarms()

    def _forget_moved_alarms(self) -> None:
        """An alarm that moves with every event leaves its old times behind, and a far one would keep them for long."""
        self._alarms = [(at, user) for user, at in self.wakes.items()]
        heapq.heapify(self._alarms)
