"""While orders are silent nobody can be said not to have ordered, so what rests on that waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.customer import LONG_AFTER, NOON, add, campaign_text, config, consent, order
from tests.unit.test_campaign_properties import stories
from tests.unit.test_shipped_campaigns import lives
from tests.unit.test_shipped_campaigns import rule as all_shipped
from tests.unit.test_signals import campaign as of_signal
from udfs.campaign_rule import CampaignRule
from udfs.events import Event, Kind
from udfs.memory_driver import drive
from udfs.news import EVERYBODY, ORDERS_FLOW, ORDERS_SILENT, News
from udfs.outputs import Decision
from udfs.time import DAY, HOUR, MINUTE, Millis

FIRST = NOON + 10 * MINUTE
SILENT, FLOW = NOON + MINUTE, NOON + 3 * HOUR
QUIET = '[quiet_hours]\nfrom = "14:00"\nto = "18:00"\nspread = "0min"'
CART = [consent(NOON - HOUR), add(NOON)]


def word(at: Millis, silent: bool) -> News:
    return News(Kind.CAMPAIGN, EVERYBODY, at, at, at, ORDERS_SILENT if silent else ORDERS_FLOW)


BRAKE = [word(SILENT, True), word(FLOW, False)]


def rule(*texts: str, caps: str = "") -> CampaignRule:
    return CampaignRule(config(*(texts or (campaign_text(),)), caps=caps))


def answers(
    rule: CampaignRule, events: Sequence[Event], news: Sequence[News] = BRAKE
) -> list[tuple[Millis, int, str, str]]:
    story = drive(rule, events, LONG_AFTER, news=news)
    assert story.states == {}
    return [(one.at, one.step, one.outcome, one.reason) for one in story.emitted if isinstance(one, Decision)]


def test_a_mail_waits_until_orders_flow_and_goes_out_at_that_instant() -> None:
    """It is put off once, however long it takes."""
    assert answers(rule(), CART) == [
        (FIRST, 1, "defer", "orders_silent"),
        (FLOW, 1, "send", "sent"),
        (FLOW + DAY, 2, "send", "sent"),
    ]


def test_an_order_that_comes_in_late_ends_what_waited() -> None:
    """That is what it waited for."""
    assert answers(rule(), [*CART, order(FLOW)])[-1] == (FLOW, 1, "drop", "converted")


def test_what_expires_before_orders_flow_is_not_sent() -> None:
    """After `valid_for`; if they flow at that very instant it goes out."""
    expires = FIRST + 12 * HOUR
    late = [word(SILENT, True), word(expires + 1, False)]
    assert answers(rule(), CART, late) == [(FIRST, 1, "defer", "orders_silent"), (expires, 1, "drop", "expired")]
    assert answers(rule(), CART, [word(SILENT, True), word(expires, False)])[1] == (expires, 1, "send", "sent")


def test_the_instants_of_silence_are_exact() -> None:
    """Silent from this millisecond on; at the deadline itself it counts, and so does the end of it."""
    assert answers(rule(), CART, [word(FIRST, True), word(FLOW, False)])[0][3] == "orders_silent"
    assert answers(rule(), CART, [word(FIRST + 1, True), word(FLOW, False)])[0][3] == "sent"
    assert answers(rule(), CART, [word(SILENT, True), word(FIRST, False)])[0][3] == "sent"


def test_a_second_silence_holds_it_again() -> None:
    """Two deferrals, one mail."""
    again = [*BRAKE, word(FLOW + 5 * MINUTE, True), word(FLOW + HOUR, False)]
    later = [*CART, add(FLOW - MINUTE, "pen", cart="c2")]
    told = answers(rule(campaign_text(top='reentry = "0d"', signal='merge = "0h"')), later, again)
    assert (FLOW + 9 * MINUTE, 1, "defer", "orders_silent") in told
    assert (FLOW + HOUR, 1, "send", "sent") in told


def test_a_reminder_waits_too() -> None:
    """The brake was pulled after the first mail."""
    news = [word(FIRST + HOUR, True), word(FIRST + 30 * HOUR, False)]
    assert answers(rule(), CART, news)[1:] == [
        (FIRST + DAY, 2, "defer", "orders_silent"),
        (FIRST + 30 * HOUR, 2, "send", "sent"),
    ]


def test_the_night_is_kept_when_orders_flow_in_it() -> None:
    """All questions are asked from the first."""
    told = answers(rule(caps=QUIET), CART)
    assert [(at, reason) for at, step, _, reason in told if step == 1] == [
        (FIRST, "orders_silent"),
        (FLOW, "quiet_hours"),
        (NOON + 6 * HOUR, "sent"),
    ]


def test_what_asks_nobody_to_have_ordered_goes_out() -> None:
    """A welcome without courtesy; with courtesy it asks."""
    welcome = of_signal("subscribed", '[courtesy]\nafter_order = "0h"')
    assert answers(rule(welcome), [consent(NOON)])[0] == (FIRST, 1, "send", "sent")
    assert answers(rule(of_signal("subscribed")), [consent(NOON)])[0] == (FIRST, 1, "defer", "orders_silent")


def test_whoever_would_not_be_mailed_anyway_is_answered_at_once() -> None:
    """Only what would go out is held."""
    assert answers(rule(), [add(NOON)]) == [(FIRST, 1, "drop", "no_consent")]
    asks = campaign_text(more="[audience]\nminimum_value = 9999")
    assert answers(rule(asks), CART) == [(FIRST, 1, "drop", "below_minimum")]


def test_the_facts_say_what_it_was_held_by() -> None:
    """The volume brake does not count what comes all at once, by this fact."""
    told = [one for one in drive(rule(), CART, LONG_AFTER, news=BRAKE).emitted if isinstance(one, Decision)]
    assert [one.facts.get("held_by") for one in told] == [None, "orders_silent", None]
    assert told[0].wake_at == FIRST + 12 * HOUR
    assert told[1].facts["held_since"] == str(FIRST)


@st.composite
def silences(draw: st.DrawFn) -> list[News]:
    """Silent and flowing in turn."""
    at, told = NOON, []
    for number in range(draw(st.integers(1, 5))):
        at += draw(st.sampled_from([1, 10 * MINUTE, HOUR, 12 * HOUR, DAY]))
        told.append(word(at, number % 2 == 0))
    return told


@settings(deadline=None, max_examples=60)
@given(lives(), silences(), st.sampled_from([50, 60_000, HOUR, 7 * DAY]), st.integers(1, 4), st.data())
def test_neither_arrival_nor_ticks_nor_shards_change_what_is_held(
    events: list[Event], news: list[News], tick: Millis, shards: int, data: st.DataObject
) -> None:
    """All shipped campaigns together; the call to everybody is exact."""
    plain = drive(all_shipped(), events, LONG_AFTER, news=news)
    shuffled = data.draw(st.permutations([*events, *events[:2]]))
    other = drive(all_shipped(), shuffled, LONG_AFTER, tick, shards, news)
    by_person: Any = lambda one: one.user_id  # noqa: E731
    assert sorted(plain.emitted, key=by_person) == sorted(other.emitted, key=by_person)
    assert plain.states == other.states == {}


@settings(deadline=None, max_examples=60)
@given(stories(), silences())
def test_nothing_goes_out_while_orders_are_silent(events: list[Event], news: list[News]) -> None:
    """And every signal still ends in one answer."""
    told = [one for one in drive(rule(), events, LONG_AFTER, news=news).emitted if isinstance(one, Decision)]
    for one in told:
        before = [other for other in news if other.since <= one.at]
        if before and before[-1].action == ORDERS_SILENT:
            assert one.outcome != "send"
    final = [one.signal_id for one in told if one.outcome != "defer"]
    assert len(final) == len(set(final))
    assert set(final) == {one.signal_id for one in told}


@settings(deadline=None, max_examples=60)
@given(lives(), st.sampled_from([0, MINUTE, 10 * MINUTE, HOUR, DAY, 30 * DAY]), st.integers(0, 2))
def test_a_call_that_concerns_nobody_changes_nothing(events: list[Event], after: Millis, beside: int) -> None:
    """Orders that flow all the time are said to flow: nobody held anything."""
    called = drive(all_shipped(), events, LONG_AFTER, news=[word(NOON + after + beside, False)]).emitted
    by_person: Any = lambda one: one.user_id  # noqa: E731
    assert sorted(called, key=by_person) == sorted(drive(all_shipped(), events, LONG_AFTER).emitted, key=by_person)
