"""Several carts left at about the same time: one mail with all of them, and a word for each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.customer import (
    LONG_AFTER,
    NOON,
    add,
    campaign_text,
    config,
    consent,
    event,
    line,
    order,
    remove,
    shipped,
)
from tests.unit.test_campaign_properties import EDGES, happenings
from udfs.campaign_rule import CampaignRule
from udfs.events import Event, Kind
from udfs.memory_driver import drive
from udfs.outputs import Decision, Trigger
from udfs.time import DAY, HOUR, MINUTE, Millis

FIRST = NOON + 10 * MINUTE
NIGHT = NOON + 10 * HOUR + 50 * MINUTE
QUIET = '[quiet_hours]\nfrom = "21:00"\nto = "08:00"\nspread = "0min"'
YES = consent(NOON - HOUR)


def rule(signal: str = 'activity = "cart"', caps: str = "", top: str = "", more: str = "") -> CampaignRule:
    return CampaignRule(config(campaign_text(signal=signal, top=top, more=more), caps=caps))


def run(rule: CampaignRule, *events: Event) -> tuple[list[Decision], list[Trigger]]:
    story = drive(rule, events, stop_at=LONG_AFTER)
    assert story.states == {}
    decisions = [one for one in story.emitted if isinstance(one, Decision)]
    return decisions, [one for one in story.emitted if isinstance(one, Trigger)]


def answers(rule: CampaignRule, *events: Event) -> list[tuple[Millis, str | None, int, str]]:
    return [(one.at, one.cart_id, one.step, one.reason) for one in run(rule, *events)[0]]


def shown(rule: CampaignRule, *events: Event) -> list[list[str]]:
    """The products of each mail, with their carts."""
    return [[f"{item.cart_id}:{item.product_id}" for item in mail.items] for mail in run(rule, *events)[1]]


def test_carts_left_at_one_instant_are_one_mail_and_one_reminder() -> None:
    """A look around the shop moves both deadlines; the first by cart_id speaks."""
    seen = [YES, add(NOON - MINUTE, "pen", cart="b"), add(NOON, "mug", cart="a")]
    assert answers(shipped(), *seen) == [
        (FIRST, "a", 1, "sent"),
        (FIRST, "b", 1, "superseded"),
        (FIRST + DAY, "a", 2, "sent"),
    ]
    assert shown(shipped(), *seen) == [["a:mug", "b:pen"], ["a:mug", "b:pen"]]
    first, reminder = run(shipped(), *seen)[1]
    assert first.value == reminder.value == 2400
    assert (first.cart_id, reminder.cart_id) == ("a", "a")


def test_a_cart_whose_deadline_is_near_is_taken_along() -> None:
    """Left five minutes after the first one; its own signal comes in its time and says where it is."""
    seen = [YES, add(NOON, "mug", cart="a"), add(NOON + 5 * MINUTE, "pen", cart="b")]
    decisions, mails = run(rule(), *seen)
    assert [(one.at, one.cart_id, one.reason) for one in decisions[:2]] == [
        (FIRST, "a", "sent"),
        (FIRST + 5 * MINUTE, "b", "superseded"),
    ]
    assert decisions[1].facts["merged_into"] == mails[0].trigger_id
    assert decisions[1].facts["merged_at"] == str(FIRST)
    assert (decisions[0].facts["carts"], decisions[0].facts["items"], decisions[0].facts["value"]) == ("2", "2", "2400")
    assert [item.cart_id for item in mails[0].items] == ["a", "b"]


def test_a_cart_left_within_the_hour_after_the_mail_is_in_its_reminder() -> None:
    """(at, at + 1 h): exactly an hour later it is too late, and one entry in seven days is enough."""
    seen = [YES, add(NOON, "mug", cart="a")]
    near, far = add(NOON + HOUR - 1, "pen", cart="b"), add(NOON + HOUR, "pen", cart="b")
    decisions, mails = run(rule(), *seen, near)
    assert [(one.at, one.cart_id, one.step, one.reason) for one in decisions] == [
        (FIRST, "a", 1, "sent"),
        (FIRST + HOUR - 1, "b", 1, "superseded"),
        (FIRST + DAY, "a", 2, "sent"),
    ]
    assert decisions[1].facts["merged_into"] == mails[1].trigger_id
    assert decisions[1].facts["merged_at"] == str(FIRST + DAY)
    assert shown(rule(), *seen, near) == [["a:mug"], ["a:mug", "b:pen"]]
    assert answers(rule(), *seen, far)[1][3] == "reentry_blocked"
    assert shown(rule(), *seen, far) == [["a:mug"], ["a:mug"]]


def test_without_a_reminder_to_come_a_later_cart_is_told_that_there_was_a_mail() -> None:
    """Also where reentry is nothing: carts of one hour never make two mails."""
    one_step = campaign_text(signal='activity = "cart"', top='reentry = "0d"').partition(
        '[[steps]]\ntemplate = "cart_r'
    )
    alone = CampaignRule(config(one_step[0], caps=""))
    seen = [YES, add(NOON, "mug", cart="a")]
    assert answers(alone, *seen, add(NOON + 30 * MINUTE, "pen", cart="b"))[1][3] == "reentry_blocked"
    assert answers(alone, *seen, add(NOON + HOUR, "pen", cart="b"))[1][3] == "sent"


def test_carts_that_are_far_apart_or_in_another_currency_stay_apart() -> None:
    """A sum of euros and dollars is none."""
    two = [YES, add(NOON, "mug", cart="a"), add(NOON + 5 * MINUTE, "pen", cart="b")]
    assert shown(rule('activity = "cart"\nmerge = "5min"'), *two)[0] == ["a:mug"]
    assert shown(rule('activity = "cart"\nmerge = "6min"'), *two)[0] == ["a:mug", "b:pen"]
    assert shown(rule('activity = "cart"\nmerge = "0h"'), *two)[0] == ["a:mug"]
    money = [YES, add(NOON, "mug", cart="a", currency="EUR"), add(NOON, "pen", cart="b", currency="USD")]
    assert shown(rule(), *money)[0] == ["a:mug"]


def test_a_cart_that_was_emptied_is_not_shown() -> None:
    """It has no spell either."""
    two = [YES, add(NOON, "mug", cart="a"), add(NOON + 5 * MINUTE, "pen", cart="b")]
    assert shown(rule(), *two, remove(NOON + 6 * MINUTE, "pen", cart="b"))[0] == ["a:mug"]


def test_an_order_of_one_cart_keeps_the_mail_about_the_other_away() -> None:
    """Courtesy; where a campaign has none, what was bought is not shown, and the rest is."""
    two = [YES, add(NOON, "mug", cart="a"), add(NOON + MINUTE, "pen", cart="b")]
    bought = order(NOON + 2 * MINUTE, "pen", cart="b")
    assert answers(rule(), *two, bought) == [(FIRST, "a", 1, "ordered_recently")]
    blunt = rule(more='[courtesy]\nafter_order = "0h"\n[exits]\non_order = false')
    assert shown(blunt, *two, bought)[0] == ["a:mug"]
    after = order(FIRST + MINUTE, "pen", cart="b")
    assert shown(blunt, *two, after) == [["a:mug", "b:pen"], ["a:mug"]]


def test_a_change_of_any_cart_that_was_shown_ends_the_reminder() -> None:
    """Of the one that it was about, of one beside it, and of one that joined later."""
    two = [YES, add(NOON, "mug", cart="a"), add(NOON + MINUTE, "pen", cart="b")]
    for cart in "ab":
        assert answers(rule(), *two, remove(FIRST + HOUR, "mug", "pen", cart=cart))[-1][3] == "superseded"
    later = [YES, add(NOON, "mug", cart="a"), add(FIRST + MINUTE, "pen", cart="b")]
    assert answers(rule(), *later)[-1][3] == "sent"
    assert answers(rule(), *later, add(FIRST + HOUR, "cup", cart="b"))[-1][3] == "superseded"


def test_a_cart_that_was_changed_after_the_mail_is_asked_about_anew() -> None:
    """It is not the cart any more that the mail showed."""
    two = [YES, add(NOON, "mug", cart="a"), add(NOON + 5 * MINUTE, "pen", cart="b")]
    assert answers(rule(), *two, add(FIRST + MINUTE, "cup", cart="b"))[1][3] == "reentry_blocked"
    assert answers(rule(), *two, add(FIRST, "cup", cart="b"))[1][3] == "superseded"


def test_carts_that_were_held_for_the_night_are_one_mail_in_the_morning() -> None:
    """If they were left within an hour; else the second is one too many."""
    eight = NOON + 20 * HOUR
    two = [YES, add(NIGHT, "mug", cart="a"), add(NIGHT + 59 * MINUTE, "pen", cart="b")]
    decisions, mails = run(rule(caps=QUIET), *two)
    assert [(one.at, one.cart_id, one.outcome, one.reason) for one in decisions if one.step == 1] == [
        (NIGHT + 10 * MINUTE, "a", "defer", "quiet_hours"),
        (NIGHT + 69 * MINUTE, "b", "defer", "quiet_hours"),
        (eight, "a", "send", "sent"),
        (eight, "b", "drop", "superseded"),
    ]
    assert [item.cart_id for item in mails[0].items] == ["a", "b"]
    apart = [YES, add(NIGHT, "mug", cart="a"), add(NIGHT + HOUR, "pen", cart="b")]
    assert [one.reason for one in run(rule(caps=QUIET), *apart)[0] if one.at == eight] == ["sent", "reentry_blocked"]


def test_a_held_cart_that_changed_goes_its_own_way() -> None:
    """Its signal ends as superseded by the change, and the new spell is on its own."""
    two = [YES, add(NIGHT, "mug", cart="a"), add(NIGHT + MINUTE, "pen", cart="b")]
    changed = add(NOON + 19 * HOUR, "cup", cart="b")
    assert shown(rule(caps=QUIET), *two, changed)[0] == ["a:mug"]


def test_small_carts_are_worth_something_together() -> None:
    """What the campaign asks for is what the mail shows."""
    asks = rule(more="[audience]\nminimum_value = 2000")
    two = [YES, add(NOON, "mug", cart="a"), add(NOON + MINUTE, "pen", cart="b")]
    assert answers(asks, *two)[0][3] == "sent"
    assert answers(asks, *two[:2])[0][3] == "below_minimum"


def test_a_mail_that_was_not_sent_sets_free_what_it_had_taken_along() -> None:
    """The other cart is asked about when its time comes."""
    two = [YES, add(NOON, "mug", cart="a"), add(NOON + 5 * MINUTE, "pen", cart="b")]
    trigger = run(rule(), *two)[1][0].trigger_id
    told: dict[str, Any] = {"trigger_id": trigger, "campaign": "cart_abandonment", "step": 1, "channel": "email"}
    back = event(FIRST + MINUTE, Kind.SEND, "not_sent", **told)
    assert answers(rule(), *two, back)[:2] == [(FIRST, "a", 1, "sent"), (FIRST + 5 * MINUTE, "b", 1, "sent")]


def test_a_mail_shows_a_hundred_lines_of_all_carts_and_knows_the_whole_value() -> None:
    """As of one cart."""
    big = [add(NOON, *(f"p{number}" for number in range(80)), cart=cart) for cart in "ab"]
    mail = run(rule(), YES, *big)[1][0]
    assert (len(mail.items), mail.value) == (100, 160 * 1200)


@st.composite
def shelves(draw: st.DrawFn) -> list[Event]:
    """Two people with three carts each, much of it within a few minutes."""
    at, told = NOON, [consent(NOON - 1, user="ada"), consent(NOON - 1, user="bob")]
    for number in draw(st.permutations(range(draw(st.integers(1, 10))))):
        at += draw(st.sampled_from([0, 1, MINUTE, 9 * MINUTE, 10 * MINUTE, HOUR - 1, HOUR, *EDGES[5:8]]))
        put = add(
            at,
            line(draw(st.sampled_from("xyz"))),
            cart=draw(st.sampled_from(["c1", "c2", "c3"])),
            user=draw(st.sampled_from(["ada", "bob"])),
            message_id=f"m{number}",
        )
        told.append(draw(st.just(put) | happenings(at, number)))
    return told


ACTIVITIES = st.sampled_from(['activity = "cart"', 'activity = "site"', 'activity = "cart"\nmerge = "10min"'])
GOVERNORS = st.sampled_from(["", QUIET, '[[cap]]\ncount = 1\nwithin = "20h"'])


def sorted_by_person(told: Sequence[Decision | Trigger]) -> list[Decision | Trigger]:
    return sorted(told, key=lambda one: one.user_id)


@settings(deadline=None, max_examples=60)
@given(shelves(), ACTIVITIES, GOVERNORS, st.sampled_from([1, 60_000, DAY]), st.integers(1, 3), st.data())
def test_neither_arrival_nor_ticks_nor_shards_change_what_is_shown_together(
    events: list[Event], activity: str, caps: str, tick: Millis, shards: int, data: st.DataObject
) -> None:
    """The same mails with the same carts."""
    plain = drive(rule(activity, caps), events, stop_at=LONG_AFTER)
    disturbed = drive(
        rule(activity, caps), data.draw(st.permutations([*events, *events[:3]])), LONG_AFTER, tick, shards
    )
    assert plain.states == disturbed.states == {}
    assert sorted_by_person(plain.emitted) == sorted_by_person(disturbed.emitted)


@settings(deadline=None, max_examples=100)
@given(shelves(), ACTIVITIES, GOVERNORS)
def test_no_cart_is_in_two_first_mails_and_each_word_about_one_is_true(
    events: list[Event], activity: str, caps: str
) -> None:
    """Read off what came out: whoever is told that a cart is in a mail finds it there."""
    emitted = drive(rule(activity, caps, top='reentry = "0d"'), events, stop_at=LONG_AFTER).emitted
    decisions = [one for one in emitted if isinstance(one, Decision)]
    mails = {one.trigger_id: one for one in emitted if isinstance(one, Trigger)}
    for one in decisions:
        if "merged_into" not in one.facts:
            continue
        merged_at, mail = int(one.facts["merged_at"]), mails.get(one.facts["merged_into"])
        assert (one.outcome, one.reason, one.step) == ("drop", "superseded", 1)
        if merged_at <= one.at:
            assert mail is not None
            assert mail.at == merged_at
            assert one.cart_id in {item.cart_id for item in mail.items}
    firsts = sorted((mail for mail in mails.values() if mail.step == 1), key=lambda one: (one.user_id, one.at))
    merge = 10 * MINUTE if "10min" in activity else HOUR
    for mail, other in pairwise(firsts):
        if mail.user_id == other.user_id:
            assert other.at - mail.at >= merge
    told = {(one.user_id, one.cart_id, one.facts["spell_start"]) for one in decisions if one.step == 1}
    assert len(told) == sum(one.step == 1 and one.outcome != "defer" for one in decisions)
