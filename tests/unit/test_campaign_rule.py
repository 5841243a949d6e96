"""Who gets which mail when, and why others get none."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.unit.customer import (
    LONG_AFTER,
    NOON,
    add,
    campaign_text,
    config,
    consent,
    erase,
    event,
    identify,
    line,
    look,
    order,
    remove,
    shipped,
    view,
)
from udfs.answers import MOST_ITEMS
from udfs.campaign_rule import CampaignRule
from udfs.decisions import REASONS
from udfs.events import Event, Kind
from udfs.memory_driver import drive
from udfs.outputs import Decision, Item, Trigger
from udfs.time import DAY, HOUR, MINUTE, Millis

FIRST = NOON + 10 * MINUTE
SECOND = FIRST + 24 * HOUR


def decided(events: Sequence[Event], rule: CampaignRule | None = None) -> list[tuple[Millis, int, str]]:
    """(at, step, reason) of every decision until nothing more can happen; nobody is remembered after that."""
    story = drive(rule or shipped(), events, stop_at=LONG_AFTER)
    assert story.states == {}
    decisions = [told for told in story.emitted if isinstance(told, Decision)]
    assert {told.reason for told in decisions} <= REASONS
    assert [told.at for told in decisions if told.outcome == "send"] == [told.at for told in mails(events, rule)]
    return [(told.at, told.step, told.reason) for told in decisions]


def mails(events: Sequence[Event], rule: CampaignRule | None = None) -> list[Trigger]:
    story = drive(rule or shipped(), events, stop_at=LONG_AFTER)
    return [told for told in story.emitted if isinstance(told, Trigger)]


def facts(events: Sequence[Event], rule: CampaignRule | None = None) -> list[dict[str, str]]:
    story = drive(rule or shipped(), events, stop_at=LONG_AFTER)
    return [told.facts for told in story.emitted if isinstance(told, Decision)]


def rule(more: str = "", top: str = "", caps: str = "", live_from: Millis | None = None) -> CampaignRule:
    return CampaignRule(config(campaign_text(more=more, top=top), caps=caps), None, live_from)


def test_who_leaves_a_cart_gets_a_mail_and_a_day_later_a_reminder() -> None:
    """The whole campaign when nothing comes between."""
    assert decided([consent(NOON), add(NOON)]) == [(FIRST, 1, "sent"), (SECOND, 2, "sent")]


def test_a_mail_shows_what_is_in_the_cart() -> None:
    """With all that the template needs."""
    mug = line("mug", 2, variant="red", price=1200, name="Mug", image_url="/mug.png", url="/p/mug")
    first, second = mails([consent(NOON), add(NOON, mug, "pen", currency="EUR")])
    pen = Item("pen", None, 1, 1200, None, None, None, "c1")
    assert first.items == second.items == (Item("mug", "red", 2, 1200, "Mug", "/mug.png", "/p/mug", "c1"), pen)
    assert (first.value, first.currency, first.cart_id, first.step) == (3600, "EUR", "c1", 1)
    assert (first.template, second.template) == ("cart_left", "cart_reminder")
    assert (first.message_class, first.valid_until) == ("marketing", FIRST + 12 * HOUR)
    assert first.trigger_id != second.trigger_id


def test_a_mail_shows_no_more_than_fits_and_still_knows_the_whole_value() -> None:
    """A cart of ten thousand lines must not break the topic."""
    full = [consent(NOON), *(add(NOON, f"p{number}") for number in range(MOST_ITEMS + 5))]
    first = mails(full)[0]
    assert len(first.items) == MOST_ITEMS
    assert first.value == 1200 * (MOST_ITEMS + 5)


@pytest.mark.parametrize("said", [None, False, "yes", 1, {"email": True}])
def test_only_a_clear_yes_is_consent(said: object) -> None:
    """Silence is none."""
    assert decided([consent(NOON, said), add(NOON)]) == [(FIRST, 1, "no_consent")]


def test_without_a_consent_trait_there_is_no_consent() -> None:
    """And other traits say nothing about it."""
    assert decided([add(NOON)]) == [(FIRST, 1, "no_consent")]
    told = [consent(NOON), identify(NOON + 1, {"first_name": "Ada"}), add(NOON)]
    assert decided(told)[0] == (FIRST, 1, "sent")


def test_the_last_word_on_consent_counts_up_to_the_instant_itself() -> None:
    """Between two mails, too."""
    assert decided([consent(NOON), add(NOON), consent(FIRST, False)]) == [(FIRST, 1, "no_consent")]
    assert decided([consent(NOON), add(NOON), consent(FIRST + 1, False)])[-1] == (SECOND, 2, "no_consent")
    assert decided([consent(NOON), add(NOON), identify(FIRST, {"consent": None})]) == [(FIRST, 1, "no_consent")]


def test_consent_is_remembered_for_more_than_a_year_without_an_event_and_then_asked_anew() -> None:
    """400 days; any event starts them again."""
    assert decided([consent(NOON), add(NOON + 399 * DAY)])[0][2] == "sent"
    assert decided([consent(NOON), add(NOON + 402 * DAY)])[0][2] == "no_consent"
    assert decided([consent(NOON), view(NOON + 399 * DAY), add(NOON + 700 * DAY)])[0][2] == "sent"


def test_an_order_of_another_cart_keeps_the_first_mail_away_for_a_day() -> None:
    """(at - 24 h, at]: exactly a day later it is over."""
    before = [consent(NOON - 9 * DAY), add(NOON)]
    assert decided([*before, order(FIRST, "pen", cart="c9")]) == [(FIRST, 1, "ordered_recently")]
    assert decided([*before, order(FIRST - DAY + 1, "pen", cart="c9")]) == [(FIRST, 1, "ordered_recently")]
    assert decided([*before, order(FIRST - DAY, "pen", cart="c9")])[0] == (FIRST, 1, "sent")


def test_an_order_cancelled_later_still_counts_as_an_order() -> None:
    """Courtesy asks what the person did, not what became of it; a cancellation alone is no order."""
    seen = [consent(NOON), add(NOON), order(NOON + 1, "pen", cart="c9"), order(NOON + 2, name="Order Cancelled")]
    assert decided(seen) == [(FIRST, 1, "ordered_recently")]
    assert decided([consent(NOON), add(NOON), order(NOON + 2, name="Order Refunded")])[0][2] == "sent"


@pytest.mark.parametrize("at", [FIRST + 1, SECOND])
def test_any_order_before_the_reminder_converts(at: Millis) -> None:
    """Of whatever cart, up to and including the reminder's instant."""
    seen = [consent(NOON), add(NOON), order(at, "pen", cart="c9")]
    assert decided(seen) == [(FIRST, 1, "sent"), (SECOND, 2, "converted")]


def test_a_change_of_the_cart_supersedes_the_reminder_and_starts_a_spell_that_may_not_mail() -> None:
    """The new spell is answered on its own: one entry in seven days."""
    seen = [consent(NOON), add(NOON), add(FIRST + HOUR, "pen")]
    assert decided(seen) == [
        (FIRST, 1, "sent"),
        (FIRST + HOUR + 10 * MINUTE, 1, "reentry_blocked"),
        (SECOND, 2, "superseded"),
    ]


def test_the_first_of_change_and_order_gives_the_reason() -> None:
    """In one millisecond the cart goes before the order."""
    sent = [consent(NOON), add(NOON)]
    assert decided([*sent, remove(FIRST + 1), order(FIRST + 2)])[-1][2] == "superseded"
    assert decided([*sent, order(FIRST + 1, "pen", cart="c9"), remove(FIRST + 2)])[-1][2] == "converted"
    assert decided([*sent, order(FIRST + 5, "pen", cart="c9"), remove(FIRST + 5)])[-1][2] == "superseded"


def test_exits_are_asked_before_everything_else() -> None:
    """Converted stays converted though consent is gone and the campaign is paused."""
    seen = [consent(NOON), add(NOON), order(FIRST + 1), consent(FIRST + 2, False)]
    assert decided(seen)[-1] == (SECOND, 2, "converted")


def test_a_look_or_another_cart_does_not_stop_the_reminder() -> None:
    """The mail was clicked, nothing was bought."""
    seen = [consent(NOON), add(NOON), look(FIRST + 1), look(FIRST + 2, "mug"), view(FIRST + 3)]
    assert decided(seen)[-1] == (SECOND, 2, "sent")
    assert (SECOND, 2, "sent") in decided([consent(NOON), add(NOON), add(FIRST + 1, cart="c2")])


def test_without_a_first_mail_there_is_no_reminder() -> None:
    """A reminder of what?"""
    assert decided([add(NOON), consent(FIRST + 1)]) == [(FIRST, 1, "no_consent")]


def test_there_is_one_entry_in_seven_days_counted_from_the_last_mail_of_any_step() -> None:
    """The reminder was the last mail."""
    again = SECOND + 7 * DAY - 10 * MINUTE
    sent = [consent(NOON), add(NOON)]
    assert decided([*sent, add(again - 1, "pen")])[-1][2] == "reentry_blocked"
    assert decided([*sent, add(again, "pen")])[2:] == [
        (SECOND + 7 * DAY, 1, "sent"),
        (SECOND + 8 * DAY, 2, "sent"),
    ]


def test_of_two_carts_left_at_one_instant_one_speaks_for_both() -> None:
    """The same one always: they go by cart_id."""
    seen = [consent(NOON), add(NOON, cart="b"), add(NOON, cart="a")]
    assert [(mail.cart_id, mail.step) for mail in mails(seen)] == [("a", 1), ("a", 2)]
    assert [reason for _, _, reason in decided(seen)] == ["sent", "superseded", "sent"]


def test_of_one_instant_the_first_mail_of_one_cart_goes_before_the_reminder_of_another() -> None:
    """By step, then by cart; here the cap leaves room for one of them."""
    text = campaign_text(top='reentry = "0d"', reminder='"20min"', signal='merge = "0h"')
    capped = CampaignRule(config(text, caps='[[cap]]\ncount = 1\nwithin = "15min"'))
    seen = [consent(NOON), add(NOON, cart="a"), add(FIRST + 10 * MINUTE, cart="b")]
    assert decided(seen, capped) == [
        (FIRST, 1, "sent"),
        (FIRST + 20 * MINUTE, 1, "sent"),
        (FIRST + 20 * MINUTE, 2, "capped"),
        (FIRST + 40 * MINUTE, 2, "sent"),
    ]


def test_a_cap_holds_over_campaigns_and_opens_again_when_its_window_is_over() -> None:
    """One mail in 20 hours, whoever asks; (at - 20 h, at]."""
    other = campaign_text(top='reentry = "0d"').replace("cart_abandonment", "other")
    both = CampaignRule(config(campaign_text(), other))
    assert decided([consent(NOON), add(NOON)], both) == [
        (FIRST, 1, "sent"),
        (FIRST, 1, "capped"),
        (SECOND, 2, "sent"),
    ]
    at_last = add(FIRST + 20 * HOUR - 10 * MINUTE, "pen")
    again = CampaignRule(config(campaign_text(top='reentry = "0d"')))
    assert (FIRST + 20 * HOUR, 1, "sent") in decided([consent(NOON), add(NOON), at_last], again)
    at_last = add(FIRST + 20 * HOUR - 10 * MINUTE - 1, "pen")
    assert (FIRST + 20 * HOUR - 1, 1, "capped") in decided([consent(NOON), add(NOON), at_last], again)


def test_a_campaign_may_have_a_cap_of_its_own() -> None:
    """Here no reminder within two days, although the governor has no cap."""
    seen = [consent(NOON), add(NOON)]
    assert decided(seen, rule(more='[cap]\ncount = 1\nwithin = "2d"')) == [(FIRST, 1, "sent"), (SECOND, 2, "capped")]


def test_a_transactional_message_asks_neither_consent_nor_caps_and_uses_none() -> None:
    """It is owed to the person."""
    owed = campaign_text(top='class = "transactional"').replace("cart_abandonment", "owed")
    both = CampaignRule(config(campaign_text(), owed))
    assert decided([add(NOON)], both) == [(FIRST, 1, "no_consent"), (FIRST, 1, "sent"), (SECOND, 2, "sent")]
    assert decided([consent(NOON), add(NOON)], both)[:2] == [(FIRST, 1, "sent"), (FIRST, 1, "sent")]


def test_a_small_cart_is_below_the_minimum() -> None:
    """minimum_value is in minor units."""
    asks = rule(more="[audience]\nminimum_value = 1201")
    assert decided([consent(NOON), add(NOON)], asks) == [(FIRST, 1, "below_minimum")]
    assert decided([consent(NOON), add(NOON, line("mug", 2))], asks)[0][2] == "sent"


@pytest.mark.parametrize(("state", "reason"), [("paused", "paused"), ("ended", "campaign_ended")])
def test_a_campaign_that_is_not_live_answers_with_its_state(state: str, reason: str) -> None:
    """The signals are still seen, and nothing is caught up on later."""
    assert decided([consent(NOON), add(NOON)], rule(top=f'state = "{state}"')) == [(FIRST, 1, reason)]


def test_before_live_from_nobody_is_mailed_and_nothing_is_used_up() -> None:
    """The past builds carts, not entries and caps; at live_from itself the campaign is live."""
    story = drive(shipped(live_from=FIRST + 1), [consent(NOON), add(NOON)], stop_at=LONG_AFTER)
    (told,) = story.emitted
    assert isinstance(told, Decision)
    assert (told.outcome, told.reason) == ("would_have_sent", "before_live_from")
    assert decided([consent(NOON), add(NOON)], shipped(live_from=FIRST))[0][2] == "sent"
    twice = [consent(NOON), add(NOON), add(NOON + HOUR, "pen")]
    assert [told for _, _, told in decided(twice, shipped(live_from=NOON + HOUR))][:2] == ["before_live_from", "sent"]


def test_an_erased_person_is_forgotten_at_once_with_everything_that_was_due() -> None:
    """Consent, carts and reminders."""
    assert decided([consent(NOON), add(NOON), erase(NOON + 1)]) == []
    assert decided([consent(NOON), add(NOON), erase(FIRST + 1)]) == [(FIRST, 1, "sent")]
    assert decided([consent(NOON), add(NOON), erase(NOON + 1), add(NOON + 2)])[0][2] == "no_consent"


def test_ids_are_the_same_for_another_version_of_the_file() -> None:
    """A typo mended never mails again."""
    one, other = (drive(rule(more=more), [consent(NOON), add(NOON)], stop_at=LONG_AFTER).emitted for more in ("", "#"))
    assert [told.version for told in one] != [told.version for told in other]
    for before, now in zip(one, other, strict=True):
        if isinstance(before, Trigger) and isinstance(now, Trigger):
            assert before.trigger_id == now.trigger_id
        elif isinstance(before, Decision) and isinstance(now, Decision):
            assert (before.signal_id, before.decision_id) == (now.signal_id, now.decision_id)


def test_a_reminder_of_a_campaign_that_is_gone_ends_with_a_decision() -> None:
    """And a spell of it ends quietly; nothing is left over."""
    story = drive(rule(caps='[[cap]]\ncount = 1\nwithin = "20h"'), [consent(NOON), add(NOON)], stop_at=FIRST)
    left, nobody = story.states["ada"], CampaignRule(config(campaign_text().replace("cart_abandonment", "other")))
    step = nobody.on_wake(left, SECOND)
    assert [(told.at, told.reason) for told in step.emit if isinstance(told, Decision)] == [(SECOND, "campaign_ended")]
    before = drive(rule(), [add(NOON)], stop_at=NOON).states["ada"]
    assert nobody.on_wake(before, FIRST).emit == ()


def test_a_changed_wait_holds_for_spells_that_run_already() -> None:
    """A resumed job wakes when the old files said so, and goes on by the new ones."""
    running = drive(rule(), [add(NOON)], stop_at=NOON).states["ada"]
    sooner, later = (CampaignRule(config(campaign_text(signal=f'wait = "{wait}"'))) for wait in ("5min", "20min"))
    told = sooner.on_wake(running, FIRST).emit
    assert [one.at for one in told if isinstance(one, Decision)] == [NOON + 5 * MINUTE]
    step = later.on_wake(running, FIRST)
    assert (step.emit, step.wake_at) == ((), NOON + 20 * MINUTE)


def test_a_decision_tells_what_it_rests_on() -> None:
    """All that an explanation needs, as text."""
    seen = [
        consent(NOON),
        add(NOON, line("mug", 2), currency="EUR"),
        view(NOON + 60),
        order(NOON + 70, "pen", cart="c9"),
    ]
    assert facts(seen) == [
        {
            "deadline": str(FIRST + 60),
            "spell_start": str(NOON),
            "last_activity": str(NOON + 60),
            "last_order": str(NOON + 70),
            "consent": "true",
            "items": "2",
            "value": "2400",
            "currency": "EUR",
            "wait": "10min",
            "reentry": "7d",
            "after_order": "1d",
            "cap_20h": "0 of 1",
        }
    ]
    reminder = facts([consent(NOON), add(NOON), order(FIRST + 1, "pen", cart="c9")])[1]
    assert reminder["first_mail"] == reminder["last_send"] == str(FIRST)
    assert reminder["exit_at"] == str(FIRST + 1)


def test_who_only_looks_is_not_remembered() -> None:
    """Most visitors never fill a cart."""
    seen = [view(NOON), event(NOON, Kind.EMAIL, "Email Opened"), identify(NOON, {"locale": "pt-PT"})]
    assert drive(shipped(), seen).states == {}
