"""A shard is the people whose ids hash alike: it hands their events and wake-ups to a rule in event-time order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from operator import attrgetter
from typing import Generic, TypeVar

from udfs.events import Event
from udfs.seen import SeenIds
from udfs.step import SAME, Rule
from udfs.time import Millis

S = TypeVar("S")
O = TypeVar("O")  # noqa: E741 - the letter of the outputs in Rule[S, E, O]

_in_turn = attrgetter("at", "kind", "message_id")


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
        theirs: dict[str, list[Event]] = {}
        for event in events:
            if (known := theirs.get(event.user)) is None:
                theirs[event.user] = [event]
            else:
                known.append(event)
        for user in sorted(theirs):
            self._tell(user, theirs[user], out)
        while (due := self.next_alarm()) is not None and due <= until:
            self._wake(self._alarms[0][1], until, out)
        return out

    def advance(self, until: Millis) -> list[O]:
        """Let the clock run to `until` without an event."""
        return self.tick((), until)

    def _tell(self, user: str, events: list[Event], out: list[O]) -> None:
        """The events of one person, and the wake-ups before them."""
        if len(events) > 1:
            events.sort(key=_in_turn)
        is_new, on_event = self.seen.is_new, self.rule.on_event
        state, wake_at = self.people.get(user), self.wakes.get(user)
        for event in events:
            at = event.at
            if wake_at is not None and wake_at < at:
                state, wake_at = self._woken(state, wake_at, at - 1, out)
            if not is_new(user, event.message_id, at):
                continue
            step = on_event(state, event)
            if step is SAME:
                continue
            state, wake_at = step.state, step.wake_at
            if step.emit:
                out += step.emit
        self._remember(user, state, wake_at)

    def _wake(self, user: str, until: Millis, out: list[O]) -> None:
        self._remember(user, *self._woken(self.people[user], self.wakes[user], until, out))

    def _woken(
        self, state: S | None, due: Millis | None, until: Millis, out: list[O]
    ) -> tuple[S | None, Millis | None]:
        """The person and the next wake-up after every wake-up up to and including `until`."""
        while state is not None and due is not None and due <= until:
            step = self.rule.on_wake(state, due)
            if step.wake_at is not None and step.wake_at <= due:
                raise ValueError(f"a rule asked at {due} to be woken at {step.wake_at}, which is not later")
            state, due = step.state, step.wake_at
            out += step.emit
        return state, due

    def _remember(self, user: str, state: S | None, wake_at: Millis | None) -> None:
        before = self.people.get(user)
        if state is not None:
            if state is not before or wake_at != self.wakes.get(user):
                self.people[user] = state
                self.changed.add(user)
                self._set_alarm(user, wake_at)
        elif before is not None:
            del self.people[user]
            self.changed.add(user)
            self._set_alarm(user, None)

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
