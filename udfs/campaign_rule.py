"""All campaigns for one person: events move the carts, deadlines ask the governor, and every answer is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from udfs.abandonment import VIEWED, Abandonment, in_filled_carts
from udfs.answers import Signal, decided, orphaned, triggered
from udfs.campaigns import Campaign, CampaignConfig
from udfs.carts import CART_TTL, Cart
from udfs.decisions import DEFER, SEND, Entry
from udfs.events import ERASURE, Event, Kind
from udfs.governor import decide
from udfs.listening import ears
from udfs.outputs import Decision, SegmentChange, Trigger
from udfs.person import Person
from udfs.person_events import after
from udfs.person_events import due as due_first
from udfs.profile_rule import DEFINITION, ENTER, ProfileRule
from udfs.questions.question import Question, Verdict
from udfs.reach import ANYHOW
from udfs.sequence import after_deferral, after_send, charged, without
from udfs.step import FORGET, SAME, Step
from udfs.time import Millis
from udfs.timetable import Timetable

Told = Decision | Trigger


class CampaignRule:
    """Implements Rule[Person, Event, Decision | Trigger] for the campaigns of a configuration.

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
        campaigns = config.campaigns.values()
        self._ears = ears(campaigns)
        self.signals = self._ears.spells
        self.timetable = Timetable(campaigns, config.governor)
        own_caps = [campaign.cap for campaign in campaigns if campaign.cap]
        self._sent_ttl = max(
            [config.governor.memory, *(cap.within for cap in own_caps), *(campaign.reentry for campaign in campaigns)]
        )
        self._order_ttl = max([1, *(campaign.after_order for campaign in campaigns)])

    @property
    def reads(self) -> str:
        """The segments that are judged: state that was kept for others lacks the facts of these."""
        return ",".join(sorted(self.config.segments))

    def on_event(self, state: Person | None, event: Event) -> Step[Person, Told]:
        if event.name == ERASURE or (state is None and event.kind is Kind.CLICK and self.profile is None):
            return FORGET
        if state is None and event.kind is Kind.SEND:
            return FORGET
        person = after(state or Person(event.user, event.at), event, self._ears)
        if self.profile is None:
            return SAME if person is state else self._step(self._elsewhere(state, person, event.at), clock=event.at - 1)
        if event.kind is Kind.SEND:  # no event of the person's: only the clock has moved
            step = self.profile.on_wake(person.profile, event.at) if person.profile else FORGET
        else:
            step = self.profile.on_event(person.profile, event)
            person = self._entered(person, step.emit)
        person = msgspec.structs.replace(person, profile=step.state)
        return self._step(self._elsewhere(state, person, event.at), (), step.wake_at, event.at - 1)

    def on_wake(self, state: Person, at: Millis) -> Step[Person, Told]:
        """The profile first: it is that of the instant at which the governor asks."""
        profile_wake = None
        if state.profile is not None:
            step = self.profile.on_wake(state.profile, at) if self.profile else FORGET
            state, profile_wake = msgspec.structs.replace(state, profile=step.state), step.wake_at
            state = self._entered(state, step.emit)
        state = self.timetable.called(state, at) if self.timetable else state
        told: list[Told] = []
        while signal := min(self._come(state, at), key=self._in_turn, default=None):
            state, said = self._answer(state, signal)
            told += said
        return self._step(self._forget(state, at), tuple(told), profile_wake, at)

    def rescheduled(self, person: Person, at: Millis, before: Timetable) -> Step[Person, Told]:
        """A person who is told at `at`, before anything else of that instant, that no longer `before` holds but this
        rule's own timetable."""
        profile_wake = None
        if self.profile and person.profile:
            step = self.profile.on_wake(person.profile, at - 1)
            person, profile_wake = msgspec.structs.replace(person, profile=step.state), step.wake_at
        return self._step(self.timetable.moved(person, person, at, before), (), profile_wake, at - 1)

    def _elsewhere(self, was: Person | None, person: Person, at: Millis) -> Person:
        """Whose clock shows another time than was known may have an hour behind or before them that is a schedule's."""
        if not self.timetable or was is None or person.reach is was.reach:
            return person
        return self.timetable.moved(was, person, at)

    def _entered(self, person: Person, changes: Iterable[SegmentChange]) -> Person:
        """Whoever enters a segment that a campaign waits for; a changed definition moves people, but is no event."""
        dues = [
            due_first(listener, "", change.at)
            for change in changes
            if change.change == ENTER and change.cause != DEFINITION
            for listener in self._ears.segments.get(change.segment, ())
        ]
        return msgspec.structs.replace(person, dues=(*person.dues, *dues)) if dues else person

    def _step(
        self, person: Person, told: tuple[Told, ...] = (), profile_wake: Millis | None = None, clock: Millis = 0
    ) -> Step[Person, Told]:
        """`clock` (ms): the deadlines up to and including this have passed."""
        if person.blank:
            return Step(None, told)
        return Step(person, told, self._wake_at(person, profile_wake, clock))

    def _wake_at(self, person: Person, profile_wake: Millis | None, clock: Millis) -> Millis | None:
        """When something next happens by the clock alone."""
        soonest = [at for at in (person.forget_at, person.carts.next_forgotten(), profile_wake) if at is not None]
        soonest += [at for spell in person.spells if (at := self.signals.deadline(spell)) is not None]
        if person.dues:
            soonest += [due.at for due in person.dues]
        if person.sent:
            soonest.append(person.sent[0].at + self._sent_ttl)
        if person.last_order is not None:
            soonest.append(person.last_order + self._order_ttl)
        if self.timetable and (sending := self.timetable.next(person, clock)) is not None:
            soonest.append(sending)
        return min(soonest, default=None)

    def _come(self, person: Person, at: Millis) -> Iterator[Signal]:
        for spell in person.spells:
            for campaign, deadline in self.signals.come(spell, at):
                yield Signal(Entry(campaign, spell.cart_id, spell.start), 1, deadline, active_at=spell.active_at)
        for due in person.dues:
            if due.at <= at:
                yield Signal(due.entry, due.step, due.at, due)

    def _answer(self, person: Person, signal: Signal) -> tuple[Person, tuple[Told, ...]]:
        campaign = self.config.campaigns.get(signal.entry.campaign)
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
        """A deferred question is asked again, and a ghost uses up what a mail would have used; else nothing."""
        if verdict.outcome == DEFER:
            return after_deferral(question, signal, verdict)
        return charged(question, signal) if verdict.reason == "holdout" else question.person

    def _question(self, person: Person, signal: Signal, campaign: Campaign) -> Question:
        return Question(
            campaign,
            signal.entry,
            signal.step,
            signal.at,
            person,
            _content(person, signal, campaign),
            signal.due,
            self.config.governor,
            self.live_from,
            self.profile.segments(person.profile) if self.profile and person.profile else (),
        )

    def _forget(self, person: Person, at: Millis) -> Person:
        """What no window reaches any more."""
        carts = person.carts.forget(at, CART_TTL)
        looks = any(spell.cart_id == VIEWED for spell in person.spells)
        ordered = person.last_order
        stale = person.forget_at is not None and person.forget_at <= at
        return Person(
            person.user,
            person.seen_at,
            None if stale else person.consent,
            None if ordered is not None and ordered + self._order_ttl <= at else ordered,
            carts,
            in_filled_carts(self.signals.known(person.spells), carts),
            person.dues,
            tuple(sent for sent in person.sent if sent.at + self._sent_ttl > at),
            person.profile,
            ANYHOW if stale else person.reach,
            person.viewed if looks else None,
            () if stale else person.lists,
            person.asked,
        )

    def _in_turn(self, signal: Signal) -> tuple[Millis, int, int, str, str]:
        """Of one instant the highest priority goes first, then by step, then by cart."""
        campaign = self.config.campaigns.get(signal.entry.campaign)
        priority = campaign.priority if campaign else 0
        return signal.at, -priority, signal.step, signal.entry.cart_id, signal.entry.campaign


def _content(person: Person, signal: Signal, campaign: Campaign) -> Cart | None:
    """What the mail shows: a cart as it is now, or what was looked at or bought as it was then."""
    if signal.due and signal.due.content:
        return signal.due.content
    if not isinstance(campaign.signal, Abandonment):
        return None
    return person.viewed if signal.entry.cart_id == VIEWED else person.carts.get(signal.entry.cart_id)
