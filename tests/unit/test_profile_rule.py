"""What must hold of a profile: the shipped segments, the clock, erasure, a changed definition, and what is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache

from connectors.config_files import read_texts
from tests.unit.customer import NOON, ROOT, add, consent, erase, event, identify, line, order, remove, view
from udfs.events import Context, Event, Kind
from udfs.memory_driver import drive
from udfs.outputs import SegmentChange
from udfs.profile_config import load
from udfs.profile_rule import PROFILE_TTL, ProfileRule
from udfs.profile_state import ProfileState
from udfs.profile_view import Fields
from udfs.time import DAY, HOUR, MINUTE, SECOND, Millis

SHIPPED = read_texts()
LONG_AGO = NOON - 1_000 * DAY


@cache
def shipped(history_from: Millis = LONG_AGO) -> ProfileRule:
    return ProfileRule(load(SHIPPED), history_from)


def with_segment(text: str, *others: str) -> ProfileRule:
    """The shipped scores with just these segments."""
    files = {f"segments/{number}.toml": one for number, one in enumerate((text, *others))}
    return ProfileRule(load({**{name: SHIPPED[name] for name in ("scores.toml", "rfm.toml")}, **files}), LONG_AGO)


def told(rule: ProfileRule, events: Iterable[Event], until: Millis, *segments: str) -> list[tuple[Millis, str, str]]:
    """(ms after noon, change, cause) of the segments."""
    changes = drive(rule, events, stop_at=until).emitted
    return [(change.at - NOON, change.change, change.cause) for change in changes if change.segment in segments]


def last(rule: ProfileRule, events: Iterable[Event], until: Millis) -> ProfileState:
    return drive(rule, events, stop_at=until).states["ada"]


def shown(rule: ProfileRule, events: Iterable[Event], until: Millis) -> Fields:
    return rule.view(last(rule, events, until))


def looks(*seconds: int, category: str = "Shoes") -> list[Event]:
    return [view(NOON + at * SECOND, lines=(line(f"p{at}", category=category),)) for at in seconds]


def test_hot_is_entered_when_the_slide_ends_and_left_as_the_hour_passes() -> None:
    """Without any further event somebody cools down, at the exact minute."""
    events = [*looks(0, 10, 20), add(NOON + 70 * SECOND)]
    assert told(shipped(), events, NOON + DAY, "hot") == [
        (2 * MINUTE, "enter", "clock"),
        (HOUR + 2 * MINUTE, "leave", "clock"),
    ]


def test_an_order_cools_down_at_once() -> None:
    """Whoever has just bought is not about to buy."""
    events = [*looks(0, 10, 20), add(NOON + 30 * SECOND), order(NOON + 5 * MINUTE + 1)]
    assert told(shipped(), events, NOON + DAY, "hot") == [
        (MINUTE, "enter", "clock"),
        (5 * MINUTE + 1, "leave", "event"),
    ]


def test_a_cart_is_open_until_it_is_emptied_bought_or_forgotten() -> None:
    """By an event, or by thirty days of silence."""
    emptied = [add(NOON), remove(NOON + 5)]
    assert told(shipped(), emptied, NOON + DAY, "cart_open") == [(0, "enter", "event"), (5, "leave", "event")]
    assert told(shipped(), [add(NOON), order(NOON + 9)], NOON + DAY, "cart_open")[-1] == (9, "leave", "event")
    assert told(shipped(), [add(NOON)], NOON + 99 * DAY, "cart_open")[-1] == (30 * DAY, "leave", "clock")


def test_a_new_customer_is_new_for_thirty_days() -> None:
    """Counted from the first order to the millisecond, a second one changes nothing."""
    events = [order(NOON, order_id="1", total=5), order(NOON + 9 * DAY, order_id="2", total=5)]
    assert told(shipped(), events, NOON + 99 * DAY, "new") == [(0, "enter", "event"), (30 * DAY, "leave", "clock")]


def test_nobody_is_new_to_a_deployment_that_is_newer() -> None:
    """In its first thirty days it cannot know who bought before."""
    events = [order(NOON, order_id="1", total=5)]
    assert told(shipped(NOON - 29 * DAY), events, NOON + 99 * DAY, "new") == [
        (DAY, "enter", "clock"),
        (30 * DAY, "leave", "clock"),
    ]


def test_a_vip_is_one_no_more_when_the_money_goes_back() -> None:
    """Revenue is net, and a year is a year."""
    events = [order(NOON, order_id="1", total=50_000)]
    assert told(shipped(), events, NOON + 399 * DAY, "vip") == [(0, "enter", "event"), (365 * DAY, "leave", "clock")]
    back = event(NOON + DAY, Kind.ORDER, "Order Refunded", order_id="1", total=1)
    assert told(shipped(), [*events, back], NOON + 399 * DAY, "vip")[-1] == (DAY, "leave", "event")


def test_a_buyer_who_stays_away_is_lapsing_until_they_come_back() -> None:
    """Absence is noticed by the clock, presence by the event; opening a mail is not coming back."""
    opened = event(NOON + 40 * DAY, Kind.EMAIL, "Email Opened")
    events = [order(NOON, order_id="1", total=5), opened, view(NOON + 50 * DAY)]
    assert told(shipped(), events, NOON + 60 * DAY, "lapsing") == [
        (30 * DAY, "enter", "clock"),
        (50 * DAY, "leave", "event"),
    ]


def test_each_category_looked_at_is_a_segment_of_its_own() -> None:
    """Three looks within the hour, and until the last of them is an hour old."""
    events = [*looks(0, 1, 2), *looks(3, 4, category="Home & Garden")]
    assert told(shipped(), events, NOON + DAY, "browsing_home_garden") == []
    assert told(shipped(), events, NOON + DAY, "browsing_shoes") == [
        (MINUTE, "enter", "clock"),
        (HOUR + MINUTE, "leave", "clock"),
    ]


def test_champions_become_at_risk_as_they_stay_away() -> None:
    """Five orders, then silence."""
    events = [order(NOON + day * DAY, order_id=str(day), total=10_000) for day in range(5)]
    assert told(shipped(), events, NOON + 399 * DAY, "rfm_champions", "rfm_at_risk") == [
        (4 * DAY, "enter", "event"),
        (64 * DAY, "leave", "clock"),
        (124 * DAY, "enter", "clock"),
        (367 * DAY, "leave", "clock"),
    ]


def test_stay_counts_from_the_instant_at_which_enter_became_true() -> None:
    """A segment for those who left something in the cart for a while."""
    rule = with_segment('name = "x"\nenter = "cart_items > 0"\nstay = "10min"')
    changing = [add(NOON), remove(NOON + 9 * MINUTE), add(NOON + 10 * MINUTE)]
    assert told(rule, changing, NOON + DAY, "x") == [(20 * MINUTE, "enter", "clock")]
    assert told(rule, [add(NOON), order(NOON + 10 * MINUTE)], NOON + DAY, "x") == []


def test_an_erasure_leaves_every_segment_and_nothing_is_remembered() -> None:
    """The person's right, and those who count members must hear of it."""
    story = drive(shipped(), [add(NOON), order(NOON + 1, order_id="1", total=90_000), add(NOON + 2), erase(NOON + 3)])
    left = [change.segment for change in story.emitted if change.change == "leave" and change.at == NOON + 3]
    assert left == ["cart_open", "new", "vip"]
    assert (story.states, story.wakes) == ({}, {})
    assert drive(shipped(), [erase(NOON)]).emitted == []


def test_everybody_is_forgotten_400_days_after_their_last_event() -> None:
    """No profile is for ever, and whoever is forgotten is in no segment."""
    rule = with_segment('name = "x"\nenter = "trait.x == 1"')
    story = drive(rule, [identify(NOON, {"x": 1})], stop_at=NOON + PROFILE_TTL)
    assert story.emitted[-1] == SegmentChange("ada", "x", "leave", NOON + PROFILE_TTL, "clock")
    assert story.states == story.left_over == {}


def test_a_changed_definition_is_applied_at_the_next_step_and_says_so() -> None:
    """Nobody did anything: the cause is the definition, and campaigns may leave it alone."""
    before = with_segment('name = "x"\nenter = "orders >= 2"', 'name = "gone"\nenter = "orders >= 1"')
    after = with_segment('name = "x"\nenter = "orders >= 1"')
    state = last(before, [order(NOON, order_id="1", total=5)], NOON)
    assert after.is_outdated(state)
    assert not before.is_outdated(state)
    step = after.on_wake(state, NOON + MINUTE)
    assert step.emit == (
        SegmentChange("ada", "gone", "leave", NOON + MINUTE, "definition"),
        SegmentChange("ada", "x", "enter", NOON + MINUTE, "definition"),
    )
    assert step.state is not None
    assert not after.is_outdated(step.state)
    assert [change.cause for change in after.on_event(state, view(NOON + MINUTE)).emit] == ["definition"] * 2


def test_a_score_defined_anew_keeps_what_fits_and_drops_what_does_not() -> None:
    """A changed slide does not empty everybody; a score by category and a plain one are not the same."""
    texts = {name: SHIPPED[name] for name in ("scores.toml", "rfm.toml")}
    before = ProfileRule(load(texts), LONG_AGO)
    state = last(before, looks(0, 10), NOON + MINUTE)
    wider = texts["scores.toml"].replace('slide = "1min"', 'slide = "5min"').replace("by_category = true", "")
    after = ProfileRule(load({**texts, "scores.toml": wider}), LONG_AGO)
    step = after.on_wake(state, NOON + MINUTE)
    assert step.state is not None
    later = after.on_wake(step.state, NOON + 8 * MINUTE)
    assert later.state is not None
    assert after.view(later.state)["engagement_1h"] == 4
    assert "views_1h.shoes" not in step.state.scores


def test_a_profile_is_shown_as_flat_fields_with_readable_names() -> None:
    """What a person reads in Redis, and what the last look before a mail relies on."""
    phone = Context("phone", "Europe/Oslo", "NO", "nb-NO")
    events = [
        identify(NOON, {"email": "ada@example.org", "loyalty_tier": "gold", "sizes": ["M", "L"]}),
        consent(NOON + 1),
        view(NOON + 2, lines=(line("boot", category="Shoes"),), context=phone),
        order(NOON + 3, order_id="1", total=2_500, currency="EUR"),
        add(NOON + 4, line("mug", 2)),
    ]
    fields = shown(shipped(), events, NOON + MINUTE + 30 * SECOND)
    cart = [{"price": 1200, "product_id": "mug", "quantity": 2, "variant": None}]
    assert json.loads(str(fields.pop("cart"))) == cart
    assert fields == {
        "user_id": "ada",
        "first_seen_at": NOON + 2,
        "last_seen_at": NOON + 4,
        "engagement_1h": 17,
        "engagement_24h": 0,
        "engagement_7d": 0,
        "intent_1h": 3,
        "orders": 1,
        "net_revenue": 2_500,
        "average_order": 2_500,
        "currency": "EUR",
        "first_order_at": NOON + 3,
        "last_order_at": NOON + 3,
        "last_completed_at": NOON + 3,
        "favourite_categories": '["Shoes"]',
        "last_viewed": '["boot"]',
        "cart_id": "c1",
        "cart_items": 2,
        "cart_value": 2_400,
        "cart_changed_at": NOON + 4,
        "device": "phone",
        "country": "NO",
        "timezone": "Europe/Oslo",
        "locale": "nb-NO",
        "loyalty_tier": "gold",
        "consent_marketing": "true",
        "trait_email": "ada@example.org",
        "trait_loyalty_tier": "gold",
        "trait_sizes": '["M","L"]',
    }


def test_the_page_on_profiles_names_every_field() -> None:
    """Whoever reads Redis looks there."""
    page = (ROOT / "docs" / "profiles.md").read_text("utf-8")
    told = identify(NOON, {"loyalty_tier": "gold", "consent": {"marketing": True}})
    phone = Context("phone", "Europe/Oslo", "NO", "nb-NO")
    bought = order(NOON, order_id="1", total=5, currency="EUR")
    left = event(NOON, Kind.EMAIL, "Unsubscribed", context=phone)
    events = [told, *looks(0), bought, left, add(NOON + 1)]
    fields = set(shown(shipped(), events, NOON + 1))
    named = set(re.findall(r"`([a-z_0-9]+)`", page)) | {"consent_marketing", "trait_loyalty_tier"}
    assert fields <= named
    assert {name for name in named if name.endswith("_at") and name != "_at"} <= fields


def test_scores_shown_fall_to_nothing_by_the_clock() -> None:
    """A stale score in Redis would call people hot who left yesterday."""
    story = drive(shipped(), looks(0), stop_at=NOON + 8 * DAY)
    fields = shipped().view(story.states["ada"])
    assert [fields[name] for name in ("engagement_1h", "engagement_24h", "engagement_7d", "intent_1h")] == [0, 0, 0, 0]
    assert story.states["ada"].scores == {}


def test_whoever_only_watches_one_segment_is_woken_for_it_alone() -> None:
    """The campaigns job must not wake everybody each minute for scores that it does not show."""
    few = ProfileRule(load(SHIPPED).only(["hot"]), LONG_AGO)
    story = drive(few, looks(0))
    assert story.wakes == {"ada": NOON + PROFILE_TTL}
    assert story.states["ada"].facts.orders.count == 0


def test_the_same_event_gives_the_same_step_and_leaves_the_state_alone() -> None:
    """Rules are pure: a replay after a failure must find what it found before."""
    rule = shipped()
    state = last(rule, looks(0, 1, 2), NOON + MINUTE)
    steps = [rule.on_event(state, add(NOON + 2 * MINUTE)) for _ in range(2)]
    assert steps[0] == steps[1]
    assert state == last(rule, looks(0, 1, 2), NOON + MINUTE)


def test_what_no_field_can_hold_is_told_as_text() -> None:
    """Redis knows text and numbers only."""
    strange: Mapping[str, object] = {"a": True, "b": 1.5, "c": {"d": None}, "e": "é"}
    fields = shown(shipped(), [identify(NOON, dict(strange))], NOON)
    assert [fields[f"trait_{name}"] for name in "abce"] == ["true", 1.5, '{"d":null}', "é"]
