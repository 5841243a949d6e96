"""All campaigns for one person: events move the carts, deadlines ask the governor, and every answer is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

import msgspec

from udfs.abandonment import Signals
from udfs.answers import Signal, decided, orphaned, triggered
from udfs.availability import Availability
from udfs.campaigns import MOVE, Campaign, CampaignConfig
from udfs.decisions import DEFER, SEND
from udfs.events import CAMPAIGN, CATALOG, CLICK, ERASURE, Event
from udfs.events import SEND as OUTCOME
from udfs.governor import decide
from udfs.in_force import InForce
from udfs.news import EVERYBODY, ORDERS_FLOW, ORDERS_SILENT, News
from udfs.outputs import Decision, SegmentChange, Trigger
from udfs.person import Due, Person
from udfs.person_clock import forget, in_turn, next_wake, signals_due
from udfs.person_events import added, after, on_a_known_day, released
from udfs.person_events import due as due_first
from udfs.profile_rule import DEFINITION, ENTER, ProfileRule
from udfs.published import Published
from udfs.questions.question import Question, Verdict
from udfs.schedule import Schedule
from udfs.scores import NEVER
from udfs.sequence import after_deferral, after_joining, after_send, charged, without
from udfs.shown import shown
from udfs.step import FORGET, SAME, Step
from udfs.time import Millis
from udfs.timeline import Timeline
from udfs.timetable import Timetable

Told = Decision | Trigger


class CampaignRule:
    """Implements Rule[Person, Event, Decision | Trigger], Overtaking and Learner for the campaigns of a configuration
    and what is published after it.

    `profile` judges the segments that they name. Signals before `live_from` (ms; None: there is no past) are only
    recorded. `history_from` is the first event time the deployment has seen; it is told with every decision.
    """

    def __init__(
        self,
        config: CampaignConfig,
        profile: ProfileRule | None = None,
        live_from: Millis | None = None,
        history_from: Millis | None = None,
    ) -> None:
        self.config = config
        self.profile = profile
        self.live_from = live_from
        self.history_from = history_from
        self._published = Published(config)
        self.in_force: Callable[[Millis], InForce] = self._published.at
        self._availability = Availability()
        self._silent: Timeline[bool] = Timeline()
        self._soonest: tuple[tuple[Due, ...], Millis] = (), NEVER

    @property
    def reads(self) -> str:
        """The segments that are judged: state that was kept for others lacks the facts of these."""
        return ",".join(sorted(self.config.segments))

    def on_event(self, state: Person | None, event: Event) -> Step[Person, Told]:
        if event.name == ERASURE:
            return FORGET
        if state is None and (event.kind is OUTCOME or (event.kind is CLICK and self.profile is None)):
            return FORGET
        laws = self.in_force(event.at)
        if event.kind is CAMPAIGN:
            return self._called(state, event, laws)
        person = after(state or Person(event.user, event.at), event, laws.ears)
        if self.profile is None:
            if person is state:
                return SAME
            return self._step(laws.elsewhere(state, person, event.at), laws, event.at)
        if event.kind is OUTCOME:
            return self._before_the_clock(person, laws, event.at)
        step = self.profile.on_event(person.profile, event)
        person = self._entered(person, step.emit, laws)
        person = laws.elsewhere(state, msgspec.structs.replace(person, profile=step.state), event.at)
        return self._step(person, laws, event.at, step.wake_at)

    def overtaken(self, state: Person | None, events: Sequence[Event], place: int, wake_at: Millis | None) -> int:
        """Of clicks that follow each other the last one says all, unless it matters what was looked at."""
        event = events[place]
        if state is None or event.kind is not CLICK or self.profile:
            return 0
        laws = self.in_force(event.at)
        if laws.ears.views or laws.is_scheduled:
            return 0
        waits, until, first = bool(state.spells), NEVER if wake_at is None else wake_at, place
        while (place := place + 1) < len(events):
            by = events[place]
            if by.kind is not CLICK or by.at > until or by.context != event.context:
                break
            if self.in_force(by.at) is not laws or not (waits or on_a_known_day(state, event.at)):
                break
            event = by
        return place - first - 1

    def learn(self, news: News) -> bool:
        """Everybody is called where those who are under way move to the new version, for they may be due at once, where
        a time is set, and where orders flow again."""
        if news.kind is CATALOG:
            self._availability.learn(news)
            return False
        if news.key == EVERYBODY:
            self._silent.learn(news.since, news.order, news.action == ORDERS_SILENT)
            return news.action == ORDERS_FLOW
        campaign = self._published.learn(news).campaign
        return campaign is not None and (campaign.on_change == MOVE or isinstance(campaign.signal, Schedule))

    def forget_news(self, before: Millis) -> None:
        """What no shard asks for any more; of campaigns every version is still needed."""
        self._availability.forget_before(before)
        self._silent.forget_before(before)

    def signals(self, at: Millis) -> Signals:
        """How spells end, as that stands at `at` (ms)."""
        return self.in_force(at).ears.spells

    def timetable(self, at: Millis) -> Timetable:
        """What is set for when, as that stands at `at` (ms)."""
        return self.in_force(at).timetable

    def _called(self, state: Person | None, event: Event, laws: InForce) -> Step[Person, Told]:
        """A campaign was published at `event.at`, or orders flow again, before anything else of that instant."""
        at = event.at
        if state is None:
            return SAME
        if event.name == EVERYBODY:
            person = released(state, at)
            return SAME if person is state else self._before_the_clock(person, laws, at)
        person = laws.timetable.moved(state, state, at, self.timetable(at - 1))
        under_way = any(event.name in spell.campaigns for spell in person.spells)
        if not under_way and person is state and not laws.is_scheduled:
            return SAME
        return self._before_the_clock(person, laws, at)

    def _before_the_clock(self, person: Person, laws: InForce, at: Millis) -> Step[Person, Told]:
        """Nothing has happened to the profile, whose wake-ups of the instant are still to come."""
        if self.profile is None or person.profile is None:
            return self._step(person, laws, at)
        step = self.profile.on_wake(person.profile, at - 1)
        return self._step(msgspec.structs.replace(person, profile=step.state), laws, at, step.wake_at)

    def on_wake(self, state: Person, at: Millis) -> Step[Person, Told]:
        """The profile first: it is that of the instant at which the governor asks."""
        laws, profile_wake = self.in_force(at), None
        if state.profile is not None:
            step = self.profile.on_wake(state.profile, at) if self.profile else FORGET
            state, profile_wake = msgspec.structs.replace(state, profile=step.state), step.wake_at
            state = self._entered(state, step.emit, laws)
        if laws.is_scheduled:
            state = laws.timetable.called(state, at)
        told: list[Told] = []
        while due := signals_due(state, at, laws):
            state, said = self._answer(state, *min(due, key=in_turn))
            told += said
        return self._step(forget(state, at, laws), laws, at + 1, profile_wake, tuple(told))

    def _entered(self, person: Person, changes: Iterable[SegmentChange], laws: InForce) -> Person:
        """Whoever enters a segment that a campaign waits for; a changed definition moves people, but is no event."""
        dues = [
            due_first(listener, "", change.at)
            for change in changes
            if change.change == ENTER and change.cause != DEFINITION
            for listener in laws.ears.segments.get(change.segment, ())
        ]
        return msgspec.structs.replace(person, dues=added(person.dues, dues)) if dues else person

    def _step(
        self,
        person: Person,
        laws: InForce,
        soonest: Millis,
        profile_wake: Millis | None = None,
        told: tuple[Told, ...] = (),
    ) -> Step[Person, Told]:
        """What a new version makes due earlier is due at `soonest`."""
        if person.blank:
            return Step(None, told)
        wake_at = next_wake(person, self._next_due(person.dues), profile_wake, laws, soonest - 1)
        return Step(person, told, wake_at if wake_at is None or wake_at > soonest else soonest)

    def _next_due(self, dues: tuple[Due, ...]) -> Millis:
        """The soonest of them, looked for only if they are others than last time: few events of a person change them,
        and somebody who buys much has hundreds."""
        known, soonest = self._soonest
        if dues is not known:
            soonest = min([due.at for due in dues], default=NEVER)
            self._soonest = dues, soonest
        return soonest

    def _answer(self, person: Person, signal: Signal, campaign: Campaign | None) -> tuple[Person, tuple[Told, ...]]:
        person = without(person, signal)
        if campaign is None or signal.step > len(campaign.steps):
            asked_before = signal.due if signal.step > 1 or signal.deferrals else None
            return person, ((orphaned(person, signal, asked_before),) if asked_before else ())
        question = self._question(person, signal, campaign)
        verdict = decide(question)
        told = decided(question, signal, verdict, self.history_from)
        if verdict.outcome == SEND:
            return after_send(question, signal), (told, triggered(question, signal))
        return self._unsent(question, signal, verdict), (told,)

    def _unsent(self, question: Question, signal: Signal, verdict: Verdict) -> Person:
        """A deferred question is asked again, and a ghost uses up what a mail would have used; a cart may join the
        reminder of another; else nothing."""
        if isinstance(verdict.into, Due):
            return after_joining(question.person, verdict.into, signal.entry.cart_id)
        if verdict.outcome == DEFER:
            return after_deferral(question, signal, verdict)
        return charged(question, signal) if verdict.reason == "holdout" else question.person

    def _question(self, person: Person, signal: Signal, campaign: Campaign) -> Question:
        left = partial(self._availability.left, at=signal.at)
        cart, beside, sold_out = shown(person, signal, campaign, self.in_force(signal.at).ears.spells, left)
        return Question(
            campaign,
            signal.entry,
            signal.step,
            signal.at,
            person,
            cart,
            signal.due,
            self.config.governor,
            self.live_from,
            self.profile.segments(person.profile) if self.profile and person.profile else (),
            beside,
            sold_out,
            self._silent.at(signal.at) is True,
            [sent for sent in person.sent if sent.channel == campaign.channel],
        )
