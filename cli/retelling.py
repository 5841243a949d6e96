"""Run the campaigns' rule once more over one person's events and note each of its moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from udfs.campaign_rule import CampaignRule, Told
from udfs.events import Event
from udfs.memory_driver import drive
from udfs.news import News
from udfs.outputs import Decision
from udfs.person import Person
from udfs.step import SAME, Step
from udfs.time import Millis


@dataclass(frozen=True, slots=True)
class Move:
    """What the rule made of an event, or of a wake-up (event None)."""

    at: Millis
    event: Event | None
    before: Person | None
    after: Person | None
    decisions: tuple[Decision, ...]


@dataclass(slots=True)
class Noted:
    """The rule itself, with a notebook: implements Rule[Person, Event, Told] and Learner."""

    rule: CampaignRule
    moves: list[Move] = field(default_factory=list)

    def learn(self, news: News) -> bool:
        return self.rule.learn(news)

    def on_event(self, state: Person | None, event: Event) -> Step[Person, Told]:
        return self._note(event.at, event, state, self.rule.on_event(state, event))

    def on_wake(self, state: Person, at: Millis) -> Step[Person, Told]:
        return self._note(at, None, state, self.rule.on_wake(state, at))

    def _note(
        self, at: Millis, event: Event | None, before: Person | None, step: Step[Person, Told]
    ) -> Step[Person, Told]:
        decisions = tuple(told for told in step.emit if isinstance(told, Decision))
        self.moves.append(Move(at, event, before, before if step is SAME else step.state, decisions))
        return step


@dataclass(frozen=True, slots=True)
class Retelling:
    """All moves in event-time order up to `until` (ms), and how many doubled messages were dropped on the way."""

    moves: list[Move]
    doubled: int
    until: Millis


def retell(rule: CampaignRule, events: Iterable[Event], tide: Millis, news: Iterable[News] = ()) -> Retelling:
    """`events` of one person, and `news`, at their effective times, as far as the tide has come."""
    noted = Noted(rule)
    known = [event for event in events if event.at <= tide]
    story = drive(noted, known, stop_at=tide, news=news)
    return Retelling(noted.moves, story.duplicates, tide)
