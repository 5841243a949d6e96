"""What the governor holds back, puts off and lets through; each question at its edge."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.customer import LONG_AFTER, NOON, add, campaign_text, config, consent, event, identify, order, remove
from udfs.campaign_rule import CampaignRule
from udfs.decisions import REASONS
from udfs.events import Context, Event, Kind
from udfs.memory_driver import drive
from udfs.outputs import Decision, Trigger
from udfs.time import DAY, HOUR, MINUTE, Millis

FIRST = NOON + 10 * MINUTE
NIGHT = NOON + 10 * HOUR + 50 * MINUTE  # 22:50 UTC: a cart left now is abandoned at 23:00
ELEVEN = NIGHT + 10 * MINUTE
EIGHT = NOON + 20 * HOUR
QUIET = '[quiet_hours]\nfrom = "21:00"\nto = "08:00"\nspread = "0min"'
CAP = '[[cap]]\ncount = 1\nwithin = "20h"'
YES = consent(NOON - HOUR)


def rule(*texts: str, governor: str = CAP, live_from: Millis | None = None) -> CampaignRule:
    return CampaignRule(config(*(texts or (alone(),)), caps=governor), None, live_from)


def alone(top: str = "", more: str = "", name: str = "cart_abandonment") -> str:
    """A campaign of one mail."""
    text = campaign_text(top=top, more=more).replace("cart_abandonment", name)
    return text.replace('[[steps]]\ntemplate = "cart_reminder"\nafter = "24h"\n', "")


def decisions(rule: CampaignRule, *events: Event) -> list[Decision]:
    story = drive(rule, events, stop_at=LONG_AFTER)
    assert story.states == {}
    told = [one for one in story.emitted if isinstance(one, Decision)]
    assert {one.reason for one in told} <= REASONS
    final = [one for one in told if one.outcome != "defer"]
    assert len({one.signal_id for one in final}) == len(final)
    assert {one.signal_id for one in final} == {one.signal_id for one in told}
    return told


def answers(rule: CampaignRule, *events: Event) -> list[tuple[Millis, str, str]]:
    return [(one.at, one.outcome, one.reason) for one in decisions(rule, *events)]


def reasons(rule: CampaignRule, *events: Event) -> list[str]:
    return [one.reason for one in decisions(rule, *events)]


def mail_event(at: Millis, name: str, **told: Any) -> Event:
    return event(at, Kind.EMAIL, name, **told)


def lives_in(zone: str | None = None, country: str | None = None, at: Millis = NOON - HOUR) -> Event:
    return event(at, Kind.CLICK, "Page Viewed", context=Context(timezone=zone, country=country))


# consent and suppression


@pytest.mark.parametrize("said", ["carts", "email"])
def test_no_to_a_topic_or_to_the_channel_is_no_to_its_mails(said: str) -> None:
    """Marketing as such may still be welcome."""
    carts = rule(alone('topic = "carts"'))
    no = identify(NOON - 1, {"consent": {said: False}})
    assert reasons(carts, YES, no, add(NOON)) == ["no_consent"]
    assert reasons(carts, YES, no, identify(NOON, {"consent": {said: True}}), add(NOON)) == ["sent"]
    assert reasons(carts, YES, identify(NOON, {"consent": {"news": False}}), add(NOON)) == ["sent"]


@pytest.mark.parametrize("name", ["Unsubscribed", "Email Marked as Spam", "Email Bounced"])
def test_an_address_that_bounced_or_wants_no_more_gets_no_marketing_until_it_changes(name: str) -> None:
    """Saying yes once more does not mend an address."""
    first, told = identify(NOON - DAY, {"email": "a@example.com"}), mail_event(NOON - 1, name)
    assert reasons(rule(), YES, first, told, add(NOON)) == ["suppressed"]
    assert reasons(rule(), YES, first, told, consent(NOON), add(NOON)) == ["suppressed"]
    same, other = (identify(NOON, {"email": said}) for said in ("A@example.com ", "b@example.com"))
    assert reasons(rule(), YES, first, told, same, add(NOON)) == ["suppressed"]
    assert reasons(rule(), YES, first, told, other, add(NOON)) == ["sent"]


def test_only_a_hard_bounce_stops_what_is_owed() -> None:
    """An order confirmation goes to whoever unsubscribed, but not into the void."""
    owed = rule(alone('class = "transactional"'))
    assert reasons(owed, mail_event(NOON, "Unsubscribed"), add(NOON)) == ["sent"]
    assert reasons(owed, mail_event(NOON, "Email Bounced", bounce="soft"), add(NOON)) == ["sent"]
    assert reasons(owed, mail_event(NOON, "Email Bounced"), add(NOON)) == ["suppressed"]


# live, entry and holdout


def test_a_campaign_whose_time_has_not_come_only_records() -> None:
    """Its own live_from counts to the millisecond."""
    recorded = [(FIRST, "would_have_sent", "before_live_from")]
    assert answers(rule(alone("live_from = 2026-09-30T12:10:00.001Z")), YES, add(NOON)) == recorded
    assert reasons(rule(alone("live_from = 2026-09-30T12:10:00Z")), YES, add(NOON)) == ["sent"]


def held_out(user: str, percent: int = 30) -> bool:
    told = decisions(rule(alone(f"holdout = {percent}")), consent(NOON, user=user), add(NOON, user=user))
    return told[0].reason == "holdout"


def test_the_held_out_group_is_sticky_and_about_as_large_as_asked_for() -> None:
    """A larger group contains the smaller one, so that raising it moves nobody back."""
    users = [f"u{number}" for number in range(300)]
    small, large = ({user for user in users if held_out(user, percent)} for percent in (10, 30))
    assert small < large
    assert 60 < len(large) < 120


def test_a_ghost_uses_up_caps_and_reentry_and_has_no_reminder() -> None:
    """The two groups differ in nothing but the mail."""
    user = next(f"u{number}" for number in range(100) if held_out(f"u{number}"))
    other = alone("priority = 10", name="other")
    told = decisions(
        rule(campaign_text(top="holdout = 30"), other), consent(NOON, user=user), add(NOON, user=user),
        add(NOON + DAY, "pen", user=user),
    )  # fmt: skip
    assert [(one.campaign, one.reason) for one in told] == [
        ("cart_abandonment", "holdout"),
        ("other", "capped"),
        ("cart_abandonment", "reentry_blocked"),
        ("other", "sent"),
    ]
    assert told[0].outcome == "would_have_sent"


# quiet hours


def test_a_mail_at_night_is_held_until_the_morning_and_then_sent_once() -> None:
    """23:00 in UTC, nobody told a zone."""
    told = decisions(rule(governor=QUIET), YES, add(NIGHT))
    assert [(one.at, one.outcome, one.reason, one.wake_at) for one in told] == [
        (ELEVEN, "defer", "quiet_hours", EIGHT),
        (EIGHT, "send", "sent", None),
    ]
    assert told[1].follows == told[0].decision_id != told[1].decision_id
    assert told[0].follows is None
    assert (told[0].facts["local_time"], told[0].facts["zone_by"]) == ("23:00", "default")
    assert (told[1].facts["held_since"], told[1].facts["held_by"]) == (str(ELEVEN), "quiet_hours")


def test_what_is_held_is_decided_with_the_facts_of_the_morning() -> None:
    """Whoever bought, changed the cart or took consent back in the night is not written to."""
    held = (YES, add(NIGHT))
    for later, reason in (
        (order(NIGHT + HOUR), "converted"),
        (order(EIGHT, "pen", cart="c9"), "converted"),
        (remove(NIGHT + HOUR), "superseded"),
        (consent(EIGHT, False), "no_consent"),
    ):
        told = answers(rule(governor=QUIET), *held, later)
        assert [told[0][2], told[1]] == ["quiet_hours", (EIGHT, "drop", reason)]


def test_the_reminder_counts_from_the_mail_that_went_out_in_the_morning() -> None:
    """And not from the deadline in the night."""
    told = answers(rule(campaign_text(), governor=QUIET), YES, add(NIGHT))
    assert told[1:] == [(EIGHT, "send", "sent"), (EIGHT + DAY, "send", "sent")]


def test_quiet_hours_may_be_skipped_or_ignored() -> None:
    """By campaign; what is owed ignores them anyway."""
    for top, answer in (
        ('quiet_hours = "skip"', (ELEVEN, "drop", "quiet_hours")),
        ('quiet_hours = "ignore"', (ELEVEN, "send", "sent")),
        ('class = "transactional"', (ELEVEN, "send", "sent")),
    ):
        assert answers(rule(alone(top), governor=QUIET), YES, add(NIGHT)) == [answer]


def test_the_device_tells_the_zone_before_the_trait_and_both_before_the_country() -> None:
    """Tokyo is nine hours ahead: 12:10 UTC is 21:10 there."""
    tokyo, berlin = lives_in("Asia/Tokyo"), identify(NOON - HOUR, {"timezone": "Europe/Berlin"})
    quiet = rule(governor=QUIET)
    assert reasons(quiet, YES, add(NOON)) == ["sent"]
    assert reasons(quiet, YES, tokyo, add(NOON))[0] == "quiet_hours"
    assert reasons(quiet, YES, berlin, add(NOON)) == ["sent"]
    assert reasons(quiet, YES, tokyo, berlin, add(NOON))[0] == "quiet_hours"
    assert reasons(quiet, YES, lives_in("no/zone", "JP"), add(NOON))[0] == "quiet_hours"
    assert reasons(quiet, YES, berlin, lives_in(country="JP"), add(NOON)) == ["sent"]


def test_a_country_with_many_zones_is_asleep_while_any_of_them_is() -> None:
    """12:10 UTC is 08:10 in New York and 02:10 in Honolulu, where it is eight at 18:00 UTC."""
    told = decisions(rule(governor=QUIET), YES, lives_in(country="US"), add(NOON))
    assert [(one.outcome, one.at) for one in told] == [
        ("defer", FIRST),
        ("send", NOON + 6 * HOUR),
    ]


def test_of_several_that_were_held_the_best_goes_out_and_the_others_do_not() -> None:
    """One mail for each person in the morning, even where no cap says so."""
    texts = alone("priority = 40", name="a"), alone("priority = 60", name="b")
    told = decisions(rule(*texts, governor=QUIET), YES, add(NIGHT))
    assert [(one.campaign, one.reason) for one in told if one.at == EIGHT] == [("b", "sent"), ("a", "quiet_hours")]


def test_the_morning_is_spread_by_person_and_stays_within_the_hour() -> None:
    """Not all at eight o'clock sharp, and everybody always at the same time."""
    spread = rule(governor=QUIET.replace('"0min"', '"60min"'))
    users = [f"u{number}" for number in range(50)]
    events = [told for user in users for told in (consent(NOON, user=user), add(NIGHT, user=user))]
    times = {one.user_id: one.at - EIGHT for one in decisions(spread, *events) if one.outcome == "send"}
    assert len(set(times.values())) > 45
    assert min(times.values()) >= 0
    assert max(times.values()) <= HOUR


def test_what_would_come_too_late_expires_at_its_instant() -> None:
    """With one final answer, like everything."""
    short = rule(alone('valid_for = "2h"'), governor=QUIET)
    told = answers(short, YES, add(NIGHT))
    assert told == [(ELEVEN, "defer", "quiet_hours"), (ELEVEN + 2 * HOUR, "drop", "expired")]


# caps


def test_the_last_slot_is_kept_for_the_more_important_campaign() -> None:
    """Three in a week, and the third not for everybody."""
    three = '[[cap]]\ncount = 2\nwithin = "7d"\nreserve = 60'
    low, high = alone('reentry = "0d"', name="low"), alone('reentry = "0d"\npriority = 60', name="high")
    weeks = [add(NOON + day * DAY, f"p{day}") for day in range(2)]
    assert reasons(rule(low, governor=three), YES, *weeks) == ["sent", "reserved"]
    assert reasons(rule(high, governor=three), YES, *weeks) == ["sent", "sent"]


def test_a_calendar_cap_opens_at_the_persons_midnight() -> None:
    """In Tokyo the day ends at 15:00 UTC."""
    daily = '[[cap]]\ncount = 1\ncalendar = "day"'
    campaign, tokyo = alone('reentry = "0d"\nquiet_hours = "ignore"'), lives_in("Asia/Tokyo")
    midnight = NOON + 3 * HOUR
    before, after = (add(at - 10 * MINUTE, "pen") for at in (midnight - 1, midnight))
    assert reasons(rule(campaign, governor=daily), YES, tokyo, add(NOON), before) == ["sent", "capped"]
    assert reasons(rule(campaign, governor=daily), YES, tokyo, add(NOON), after) == ["sent", "sent"]


def test_other_tools_mails_count_once_each() -> None:
    """Sent and delivered are one mail; ours are known by their trigger."""
    capped = rule(governor='[[cap]]\ncount = 2\nwithin = "20h"')
    sent = mail_event(NOON - 3, "Email Sent", campaign="news")
    delivered = mail_event(NOON - 2, "Email Delivered", campaign="news")
    other = mail_event(NOON - 1, "Email Delivered", campaign="sale")
    ours = mail_event(NOON - 1, "Email Delivered", campaign="x", trigger_id="t")
    assert reasons(capped, YES, sent, delivered, ours, add(NOON)) == ["sent"]
    assert reasons(capped, YES, sent, delivered, other, add(NOON)) == ["capped"]
    assert reasons(capped, YES, sent, other, add(NOON + 20 * HOUR)) == ["sent"]


def test_after_what_is_owed_there_is_a_hush() -> None:
    """(at - 2 h, at]."""
    owed = alone('class = "transactional"\nreentry = "30d"', name="owed")
    ad = alone('reentry = "0d"', name="zz").replace('"10min"', '"20min"')
    for gap, reason in ((2 * HOUR - 1, "hush"), (2 * HOUR, "sent")):
        told = decisions(rule(owed, ad, governor=""), add(NOON), consent(FIRST + 1), add(NOON + gap, "pen"))
        assert [one.reason for one in told if one.campaign == "zz"][-1] == reason


def test_neither_template_nor_products_are_repeated_too_soon() -> None:
    """Something new in the cart makes another mail of it."""
    campaign = alone('reentry = "0d"')
    days = YES, add(NOON), add(NOON + 2 * DAY)
    assert reasons(rule(campaign, governor='[fatigue]\ntemplate = "3d"'), *days) == ["sent", "capped"]
    assert reasons(rule(campaign, governor='[fatigue]\nproduct = "3d"'), *days) == ["sent", "capped"]
    assert reasons(rule(campaign, governor='[fatigue]\nproduct = "3d"'), *days, add(NOON + 2 * DAY, "pen"))[1] == "sent"
    assert reasons(rule(campaign, governor='[fatigue]\ntemplate = "2d"\nproduct = "2d"'), *days) == ["sent", "sent"]


# what became of mails


def became(at: Millis, of: Trigger, outcome: str) -> Event:
    return event(at, Kind.SEND, outcome, campaign=of.campaign, step=of.step, trigger_id=of.trigger_id)


def first_mail(rule: CampaignRule, *events: Event) -> Trigger:
    return next(one for one in drive(rule, events, stop_at=LONG_AFTER).emitted if isinstance(one, Trigger))


def test_a_mail_that_was_not_sent_gives_its_cap_back_and_ends_its_sequence() -> None:
    """Another cart may be written about, as if nothing had been decided."""
    campaign, again = rule(campaign_text()), add(NOON + HOUR, "pen", cart="c2")
    mail = first_mail(campaign, YES, add(NOON))
    assert reasons(campaign, YES, add(NOON), again) == ["sent", "reentry_blocked", "sent"]
    refused = became(FIRST + 1, mail, "not_sent")
    assert answers(campaign, YES, add(NOON), refused) == [(FIRST, "send", "sent")]
    assert [one.cart_id for one in decisions(campaign, YES, add(NOON), refused, again)] == ["c1", "c2", "c2"]
    assert reasons(campaign, YES, add(NOON), refused, again) == ["sent"] * 3


def test_what_went_out_or_is_in_doubt_stays_counted() -> None:
    """A claim says that it may arrive."""
    campaign = rule(campaign_text())
    mail = first_mail(campaign, YES, add(NOON))
    for outcome in ("sent", "unknown"):
        assert reasons(campaign, YES, add(NOON), became(FIRST + 1, mail, outcome)) == ["sent", "sent"]


def test_a_mailbox_that_refused_a_mail_for_good_gets_no_other() -> None:
    """Until the address changes."""
    campaign = rule(campaign_text())
    bounced = became(FIRST + 1, first_mail(campaign, YES, add(NOON)), "bounced")
    assert reasons(campaign, YES, add(NOON), bounced) == ["sent", "suppressed"]
    moved = identify(FIRST + 2, {"email": "new@example.com"})
    assert reasons(campaign, YES, add(NOON), bounced, moved) == ["sent", "sent"]


def test_what_became_of_a_strangers_mail_is_not_remembered() -> None:
    """They were erased, or are long forgotten."""
    assert decisions(rule(), event(NOON, Kind.SEND, "bounced", trigger_id="t", campaign="c", step=1)) == []


# variants


def test_a_person_always_gets_the_same_variant_and_each_as_often_as_its_weight() -> None:
    """Told in the decision and in the trigger, in every step."""
    variants = '[[variants]]\nname = "a"\n[[variants]]\nname = "b"\nweight = 3'
    users = [f"u{number}" for number in range(200)]
    events = [told for user in users for told in (consent(NOON, user=user), add(NOON, user=user))]
    story = drive(rule(campaign_text(more=variants)), events, stop_at=LONG_AFTER)
    chosen: dict[str, set[str | None]] = {}
    for one in story.emitted:
        chosen.setdefault(one.user_id, set()).add(one.variant)
    assert all(len(names) == 1 for names in chosen.values())
    assert 30 < sum(names == {"a"} for names in chosen.values()) < 70
    assert sum(isinstance(one, Trigger) for one in story.emitted) == 400


def test_without_variants_none_is_told() -> None:
    """Most campaigns have one mail."""
    assert {one.variant for one in decisions(rule(), YES, add(NOON))} == {None}


def test_of_two_campaigns_that_race_for_one_slot_the_same_one_wins_every_time() -> None:
    """Whatever the order of arrival: the one of the higher priority."""
    race = rule(alone("priority = 40", name="a"), alone("priority = 60", name="b"))
    events = [YES, add(NOON), add(NOON, "pen", cart="c2")]
    told = decisions(race, *events)
    assert [one.campaign for one in told if one.outcome == "send"] == ["b"]
    assert decisions(race, *events[::-1]) == told
