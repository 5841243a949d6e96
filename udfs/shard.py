"""A shard is the people whose ids hash alike: it hands their events and wake-ups to a rule in event-time order."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter, lt
from typing import Generic, TypeVar

from udfs.events import Event
from udfs.news import News
from udfs.seen import SeenIds
from udfs.step import SAME, Rule
from udfs.time import Millis

S = TypeVar("S")
O = TypeVar("O")  # noqa: E741 - the letter of the outputs in Rule[S, E, O]

in_turn = attrgetter("at", "kind", "message_id")


class Shard(Generic[S, O]):
    """The resident people of one shard, their wake-ups, and the message ids of the last 24 hours.

    `changed` names who was touched since the owner last cleared it; a person in `changed` but not in `people` was
    forgotten. Outputs of one person come out in event-time order. `fresh_news` are those learned since they were last
    cleared.
    """

    def __init__(self, rule: Rule[S, Event, O], seen: SeenIds) -> None:
        self.rule = rule
        self.seen = seen
        self.people: dict[str, S] = {}
        self.wakes: dict[str, Millis] = {}
        self.changed: set[str] = set()
        self.fresh_news: list[News] = []
        self._overtaken: Callable[..., int] = getattr(rule, "overtaken", _none)
        self._alarms: list[tuple[Millis, str]] = []
        self._calls: list[tuple[Millis, int, News]] = []

    def restore(self, user: str, state: S, wake_at: Millis | None) -> None:
        """Take back a person from stored state."""
        self.people[user] = state
        self._set_alarm(user, wake_at)

    def learn(self, news: News) -> None:
        """Take in news of the tick that is handed over next, before its events; NewsRefused if they are none."""
        if call := self._learned(news):
            heapq.heappush(self._calls, call)
        self.fresh_news.append(news)

    def restore_news(self, known: Iterable[News], until: Millis) -> None:
        """Take back what was learned before the shard stood at `until`; whom it told of then it tells no more."""
        calls = [call for news in known if (call := self._learned(news)) and call[0] > until]
        self._calls = sorted([*self._calls, *calls])

    def _learned(self, news: News) -> tuple[Millis, int, News] | None:
        """When everybody is to be told of it, if at all."""
        learn = getattr(self.rule, "learn", None)
        return (news.since, news.order, news) if learn and learn(news) else None

    def next_alarm(self) -> Millis | None:
        """The earliest wake-up of anybody (ms), and the earliest call to everybody; None if nobody waits."""
        wake = self._next_wake()
        if not self._calls:
            return wake
        return self._calls[0][0] if wake is None else min(wake, self._calls[0][0])

    def _next_wake(self) -> Millis | None:
        while self._alarms and self.wakes.get(self._alarms[0][1]) != self._alarms[0][0]:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def tick(self, events: Iterable[Event], until: Millis) -> list[O]:
        """Apply a complete tick: every event up to and including `until`, and every wake-up due by then.

        Outputs of people come out in the order of their ids, anew behind each call to everybody.
        """
        out: list[O] = []
        while self._calls and self._calls[0][0] <= until:
            at, _, news = heapq.heappop(self._calls)
            events = list(events)
            self._run([event for event in events if event.at < at], at - 1, out)
            events = [event for event in events if event.at >= at]
            self._call_everybody(news, out)
        self._run(events, until, out)
        return out

    def _run(self, events: Iterable[Event], until: Millis, out: list[O]) -> None:
        theirs: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            theirs[event.user].append(event)
        for user in sorted(theirs):
            self._tell(user, theirs[user], out)
        while (due := self._next_wake()) is not None and due <= until:
            self._wake(self._alarms[0][1], until, out)

    def _call_everybody(self, news: News, out: list[O]) -> None:
        """Everybody remembered just before the instant is told, before their events and wake-ups of that instant."""
        for user in sorted(self.people):
            step = self.rule.on_event(self.people[user], news.told_to(user))
            if step is not SAME:
                out += step.emit
                self._remember(user, step.state, step.wake_at)

    def advance(self, until: Millis) -> list[O]:
        """Let the clock run to `until` without an event."""
        return self.tick((), until)

    def _tell(self, user: str, events: list[Event], out: list[O]) -> None:
        """The events of one person, and the wake-ups before them."""
        if len(events) > 1 and not _in_order(events):
            events.sort(key=in_turn)
        on_event, overtaken = self.rule.on_event, self._overtaken
        state, wake_at = self.people.get(user), self.wakes.get(user)
        new = self.seen.new_among(events)
        place = 0
        while place < len(new):
            event = new[place]
            if wake_at is not None and wake_at < event.at:
                state, wake_at = self._woken(state, wake_at, event.at - 1, out)
            if passed_over := overtaken(state, new, place, wake_at):
                place += passed_over
                continue
            place += 1
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


def _none(state: object, events: Sequence[Event], place: int, wake_at: Millis | None) -> int:
    return 0


def _in_order(events: list[Event]) -> bool:
    """As they nearly always come; to see it is several times faster than to sort."""
    ats = [event.at for event in events]
    return all(map(lt, ats, ats[1:]))
