"""What lets people into a campaign besides a cart left behind: looks, orders, subscriptions, segments."""

from __future__ import annotations

import pytest

from tests.unit.customer import LONG_AFTER, NOON, add, config, consent, event, identify, line, order, remove, view
from udfs.campaign_rule import CampaignRule
from udfs.campaigns import parse_campaign
from udfs.config_error import ConfigError
from udfs.events import Event
from udfs.memory_driver import drive
from udfs.outputs import Decision, Trigger
from udfs.time import DAY, HOUR, MINUTE, Millis

YES = consent(NOON - DAY)
AFTER = NOON + 10 * MINUTE


def campaign(signal: str, more: str = "", top: str = "") -> str:
    return (
        f'name = "mine"\n{top}\n[signal]\ntype = "{signal}"\n[[steps]]\ntemplate = "one"\n'
        f'[[steps]]\ntemplate = "two"\nafter = "1d"\n{more}\n'
    )


def rule(signal: str, more: str = "", top: str = "", caps: str = "") -> CampaignRule:
    return CampaignRule(config(campaign(signal, more, top), caps=caps))


def emitted(rule: CampaignRule, *events: Event) -> list[Decision | Trigger]:
    story = drive(rule, events, stop_at=LONG_AFTER)
    assert story.states == {}
    return list(story.emitted)


def answers(rule: CampaignRule, *events: Event) -> list[tuple[Millis, int, str]]:
    return [(one.at, one.step, one.reason) for one in emitted(rule, *events) if isinstance(one, Decision)]


def mails(rule: CampaignRule, *events: Event) -> list[Trigger]:
    return [one for one in emitted(rule, *events) if isinstance(one, Trigger)]


def looked(at: Millis, *products: str) -> Event:
    return view(at, lines=tuple(line(product, name=product.title()) for product in products), currency="EUR")


# browse_abandoned


def test_who_only_looked_gets_a_mail_with_what_they_looked_at() -> None:
    """The last five products, each once, the newest last; the second mail shows the same."""
    looks = [looked(NOON + number, product) for number, product in enumerate(["a", "b", "c", "a", "d", "e", "f"])]
    first, second = mails(rule("browse_abandoned"), YES, *looks)
    assert [item.product_id for item in first.items] == ["c", "a", "d", "e", "f"]
    assert (first.cart_id, first.currency, first.items[0].name, first.at) == (None, "EUR", "C", AFTER + 6)
    assert second.items == first.items


def test_whoever_puts_something_into_a_cart_or_orders_was_not_just_looking() -> None:
    """Silently before the deadline; with its reason before the second mail."""
    browse = rule("browse_abandoned")
    assert answers(browse, YES, looked(NOON, "a"), add(AFTER)) == []
    assert answers(browse, YES, looked(NOON, "a"), order(AFTER)) == []
    assert answers(browse, YES, looked(NOON, "a"), add(AFTER + 1))[-1] == (AFTER + DAY, 2, "superseded")
    assert answers(browse, YES, looked(NOON, "a"), order(AFTER + 1))[-1] == (AFTER + DAY, 2, "converted")


def test_only_people_who_may_be_written_to_are_remembered_for_their_looks() -> None:
    """A look of a stranger is no signal."""
    browse = rule("browse_abandoned")
    assert answers(browse, looked(NOON, "a"), consent(NOON + 1)) == []
    assert answers(browse, consent(NOON - 1, False), looked(NOON, "a")) == []
    assert answers(browse, YES, looked(NOON, "a"), consent(NOON + 1, False)) == [(AFTER, 1, "no_consent")]


def test_activity_puts_the_deadline_off_but_not_beyond_the_latest_instant() -> None:
    """As with a cart; another look starts anew."""
    browse = rule("browse_abandoned")
    clicks = [event(NOON + minute * 9 * MINUTE, YES.kind.__class__.CLICK, "Page Viewed") for minute in range(1, 40)]
    assert answers(browse, YES, looked(NOON, "a"), *clicks)[0] == (NOON + 4 * HOUR, 1, "sent")
    assert answers(browse, YES, looked(NOON, "a"), looked(NOON + MINUTE, "b"))[0][0] == AFTER + MINUTE


# order_completed


def test_an_order_is_followed_up_with_what_was_bought() -> None:
    """Also if its buyer orders again, who gets one mail about both as long as re-entry says."""
    follow = rule("order_completed", '[courtesy]\nafter_order = "0h"')
    bought = order(NOON, line("mug", 2), order_id="o1", currency="EUR")
    first, second = mails(follow, YES, bought)
    assert [(item.product_id, item.quantity) for item in first.items] == [("mug", 2)]
    assert (first.value, first.currency, first.cart_id, second.items) == (2400, "EUR", None, first.items)
    again = answers(follow, YES, bought, order(NOON + MINUTE, "pen", order_id="o2"))
    assert again == [(AFTER, 1, "sent"), (AFTER + MINUTE, 1, "reentry_blocked"), (AFTER + DAY, 2, "sent")]


def test_what_happens_twice_in_one_millisecond_is_answered_once() -> None:
    """Two orders without an id have one name then, and so have two subscriptions."""
    follow = rule("order_completed", '[courtesy]\nafter_order = "0h"')
    twice = [order(NOON, "mug", message_id="m1"), order(NOON, "pen", message_id="m2")]
    assert answers(follow, YES, *twice) == [(AFTER, 1, "sent"), (AFTER + DAY, 2, "sent")]
    back = [consent(NOON, message_id="m1"), consent(NOON, False, message_id="m2"), consent(NOON, message_id="m3")]
    assert answers(rule("subscribed"), *back) == [(AFTER, 1, "sent"), (AFTER + DAY, 2, "sent")]


@pytest.mark.parametrize("name", ["Order Cancelled", "Order Refunded"])
def test_an_order_that_was_undone_is_not_followed_up(name: str) -> None:
    """Only that one."""
    follow = rule("order_completed", '[courtesy]\nafter_order = "0h"')
    bought = order(NOON, "mug", order_id="o1")
    assert answers(follow, YES, bought, order(AFTER, name=name, order_id="o1")) == [(AFTER, 1, "superseded")]
    assert answers(follow, YES, bought, order(AFTER, name=name, order_id="o2"))[0] == (AFTER, 1, "sent")
    assert answers(follow, YES, bought, add(NOON + 1, cart="o1"), remove(NOON + 2, cart="o1"))[0] == (AFTER, 1, "sent")


def test_a_follow_up_within_courtesy_is_refused_as_a_file() -> None:
    """It would never send anything."""
    with pytest.raises(ConfigError, match=r"m\.toml:4: signal\.wait: .*24h|m\.toml.*signal\.wait.*1d"):
        parse_campaign(campaign("order_completed").replace("[[steps]]", 'wait = "1h"\n[[steps]]', 1).encode(), "m.toml")


# subscribed


def test_a_yes_is_welcomed_once_and_an_order_does_not_end_the_welcome() -> None:
    """Saying yes twice is one yes; leaving and coming back is another, which re-entry stops."""
    welcome = rule("subscribed")
    sent = [(AFTER, 1, "sent"), (AFTER + DAY, 2, "sent")]
    assert answers(welcome, consent(NOON), consent(NOON + 1), identify(NOON + 2, {"first_name": "Ada"})) == sent
    bought = [order(AFTER + 1), order(AFTER + 2)]
    assert answers(rule("subscribed", '[courtesy]\nafter_order = "0h"'), consent(NOON), *bought) == sent
    back = [consent(NOON), consent(AFTER + HOUR, False), consent(AFTER + 2 * HOUR)]
    assert (AFTER + 2 * HOUR + 10 * MINUTE, 1, "reentry_blocked") in answers(welcome, *back)


def test_an_order_ends_a_welcome_where_the_file_says_so() -> None:
    """exits.on_order."""
    exits = rule("subscribed", "[exits]\non_order = true")
    assert answers(exits, consent(NOON), order(AFTER + 1))[-1] == (AFTER + DAY, 2, "converted")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (campaign("segment_entered"), "signal.segment"),
        (campaign("subscribed").replace("[[steps]]", 'latest = "1h"\n[[steps]]', 1), "signal.latest"),
        (campaign("cart_abandoned").replace("[[steps]]", 'segment = "vip"\n[[steps]]', 1), "signal.segment"),
        (campaign("subscribed", "[exits]\non_order = 1"), "exits.on_order"),
    ],
)
def test_a_key_that_says_nothing_to_a_signal_is_refused(text: str, key: str) -> None:
    """So that nobody believes that it does."""
    with pytest.raises(ConfigError) as wrong:
        parse_campaign(text.encode(), "m.toml")
    assert wrong.value.key == key
