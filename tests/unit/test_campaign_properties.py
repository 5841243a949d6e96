"""What holds for every story of any customer: the same mails in whatever order and ticks, and never a wrong one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.customer import (
    LONG_AFTER,
    NOON,
    add,
    consent,
    event,
    line,
    look,
    look_empty,
    order,
    remove,
    shipped,
    view,
)
from udfs.campaign_rule import CampaignRule, Told
from udfs.events import Event, Kind
from udfs.memory_driver import drive
from udfs.outputs import Decision, Trigger
from udfs.person import Person
from udfs.step import SAME, Step
from udfs.time import DAY, HOUR, MINUTE, Millis

# Deltas at which something changes hands: deadlines, the latest instant, reminders, windows, and a millisecond beside.
EDGES = [0, 1, MINUTE, 10 * MINUTE, 4 * HOUR, 20 * HOUR, 24 * HOUR, 24 * HOUR + 10 * MINUTE, 7 * DAY, 30 * DAY]
PRODUCT = st.sampled_from("xyz")
PIECES = st.none() | st.integers(1, 3)
CART = st.sampled_from([None, "c1", "c2"])
USER = st.sampled_from(["ada", "bob"])


@st.composite
def happenings(draw: st.DrawFn, at: Millis, number: int) -> Event:
    """Any event of any of the topics."""
    told = {"user": draw(USER), "message_id": f"m{number}"}
    kind = draw(
        st.sampled_from(["add", "add", "remove", "look", "empty", "view", "order", "consent", "mail", "cancel"])
    )
    product = line(draw(PRODUCT), draw(PIECES))
    if kind == "add":
        return add(at, product, cart=draw(CART), **told)
    if kind == "remove":
        return remove(at, product, cart=draw(CART), **told)
    if kind == "look":
        return look(at, *draw(st.lists(PRODUCT, max_size=2)), cart=draw(CART), **told)
    if kind == "empty":
        return look_empty(at, cart=draw(CART), **told)
    if kind == "view":
        return view(at, **told)
    if kind == "consent":
        return consent(at, draw(st.sampled_from([True, True, False])), **told)
    if kind == "mail":
        return event(at, Kind.EMAIL, "Email Opened", **told)
    return order(at, product, cart=draw(CART), name="Order Completed" if kind == "order" else "Order Cancelled", **told)


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Two customers who have said yes, and then anything; ids in another order than time."""
    at, told = NOON, [consent(NOON, user="ada"), consent(NOON, user="bob")]
    numbers = draw(st.permutations(range(draw(st.integers(0, 14)))))
    for number in numbers:
        at += draw(st.sampled_from(EDGES) | st.integers(0, 2 * HOUR)) - draw(st.integers(0, 1))
        told.append(draw(happenings(max(at, NOON), number)))
    return told


def told(events: Sequence[Event], tick: Millis = 1000, shards: int = 4) -> list[tuple[str, Decision | Trigger]]:
    """Everything that came out, person by person in the order in which it came."""
    story = drive(shipped(), events, stop_at=LONG_AFTER, tick=tick, shards=shards)
    assert story.states == {}
    return sorted(((one.user_id, one) for one in story.emitted), key=lambda pair: pair[0])


@settings(deadline=None)
@given(stories(), st.data())
def test_neither_order_of_arrival_nor_duplicates_change_anything(events: list[Event], data: st.DataObject) -> None:
    """Within a tick, that is; a retry may even come under another time."""
    doubles = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    later = [_later(double, data.draw(st.integers(0, HOUR))) for double in doubles]
    disturbed = data.draw(st.permutations([*events, *later]))
    assert told(disturbed) == told(events)


def _later(double: Event, by: Millis) -> Event:
    return msgspec.structs.replace(double, at=double.at + by)


@settings(deadline=None)
@given(stories(), st.sampled_from([1, 50, 60_000, HOUR, 7 * DAY]), st.integers(1, 5))
def test_neither_the_length_of_a_tick_nor_the_number_of_shards_changes_anything(
    events: list[Event], tick: Millis, shards: int
) -> None:
    """They are free choices of whoever runs the rules."""
    assert told(events, tick, shards) == told(events)


@settings(deadline=None)
@given(stories())
def test_a_step_is_sent_once_for_each_spell_and_a_person_once_in_twenty_hours(events: list[Event]) -> None:
    """And every id is there once."""
    emitted = drive(shipped(), events, stop_at=LONG_AFTER).emitted
    decisions = [one for one in emitted if isinstance(one, Decision)]
    triggers = [one for one in emitted if isinstance(one, Trigger)]
    spells = Counter((one.user_id, one.cart_id, one.facts["spell_start"], one.step) for one in decisions)
    assert all(times == 1 for times in spells.values())
    assert len({one.decision_id for one in decisions}) == len({one.signal_id for one in decisions}) == len(decisions)
    assert len({one.trigger_id for one in triggers}) == len(triggers)
    for one in triggers:
        assert not [other for other in triggers if other.user_id == one.user_id and 0 < one.at - other.at < 20 * HOUR]
    sent = [(one.user_id, one.cart_id, one.step, one.at) for one in decisions if one.outcome == "send"]
    assert sent == [(one.user_id, one.cart_id, one.step, one.at) for one in triggers]


@settings(deadline=None)
@given(stories())
def test_nobody_who_ordered_within_a_day_or_took_consent_back_gets_a_mail(events: list[Event]) -> None:
    """Read off the events, not off the rule's state; and a mail shows at least one thing."""
    for mail in drive(shipped(), events, stop_at=LONG_AFTER).emitted:
        if not isinstance(mail, Trigger):
            continue
        theirs = [one for one in events if one.user == mail.user_id and one.at <= mail.at]
        assert not [one for one in theirs if one.name == "Order Completed" and one.at > mail.at - DAY]
        said = max((one for one in theirs if one.traits), key=lambda one: (one.at, one.message_id))
        assert said.traits == {"consent": {"marketing": True}}
        assert mail.items
        assert mail.value == sum(item.quantity * (item.price or 0) for item in mail.items)


@settings(deadline=None)
@given(stories())
def test_every_reminder_follows_a_first_mail_by_exactly_a_day(events: list[Event]) -> None:
    """And every first mail has one answer to its reminder."""
    decisions = [one for one in drive(shipped(), events, stop_at=LONG_AFTER).emitted if isinstance(one, Decision)]
    firsts = [(one.user_id, one.cart_id, one.at + DAY) for one in decisions if one.step == 1 and one.outcome == "send"]
    reminders = [(one.user_id, one.cart_id, one.at) for one in decisions if one.step == 2]
    assert sorted(map(str, firsts)) == sorted(map(str, reminders))


@settings(deadline=None)
@given(stories())
def test_a_person_survives_being_stored(events: list[Event]) -> None:
    """What is remembered goes through msgpack and comes back equal."""
    for stop_at in (NOON + HOUR, NOON + 3 * DAY):
        for person in drive(shipped(), [one for one in events if one.at <= stop_at], stop_at=stop_at).states.values():
            assert msgspec.msgpack.decode(msgspec.msgpack.encode(person), type=Person) == person


@settings(deadline=None)
@given(stories(), st.sampled_from([0, DAY, 399 * DAY, 400 * DAY]))
def test_an_event_that_is_passed_over_would_have_changed_nothing(events: list[Event], later: Millis) -> None:
    """Neither what is said, nor when anybody is woken, nor who is remembered."""
    until = max(event.at for event in events) + later
    plain, thorough = drive(shipped(), events, until), drive(Thorough(shipped()), events, until)
    assert plain.emitted == thorough.emitted
    assert plain.wakes == thorough.wakes
    assert plain.states.keys() == thorough.states.keys()


class Thorough:
    """The rule as if every event of a known person left its trace."""

    def __init__(self, rule: CampaignRule) -> None:
        self.rule = rule

    def on_event(self, state: Person | None, event: Event) -> Step[Person, Told]:
        step = self.rule.on_event(state, event)
        if step is SAME and state is not None:
            seen = msgspec.structs.replace(state, seen_at=event.at)
            return self.rule._step(seen, self.rule.in_force(event.at), event.at)
        return step

    def on_wake(self, state: Person, at: Millis) -> Step[Person, Told]:
        return self.rule.on_wake(state, at)
