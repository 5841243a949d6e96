"""What is sold out is not shown, and only that is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.customer import LONG_AFTER, NOON, add, campaign_text, config, consent, line, order, view
from tests.unit.test_campaign_properties import stories
from tests.unit.test_signals import campaign as of_signal
from tests.unit.test_stored_shard import Entries
from udfs.availability import Availability
from udfs.campaign_rule import CampaignRule
from udfs.cart_lines import CartLine
from udfs.carts import Cart
from udfs.events import Event, Kind
from udfs.memory_driver import drive
from udfs.news import News
from udfs.operators.stored_shard import Meta, StoredShard
from udfs.outputs import Decision, Trigger
from udfs.person import Person
from udfs.time import DAY, HOUR, MINUTE, Millis

FIRST = NOON + 10 * MINUTE
SECOND = FIRST + DAY
YES = consent(NOON - HOUR)


def said(at: Millis, product: str, available: bool = False, variant: str | None = None, order: int = 0) -> News:
    return News(Kind.CATALOG, product, at, at, order, variant=variant, available=available)


def rule(*texts: str) -> CampaignRule:
    return CampaignRule(config(*(texts or (campaign_text(),)), caps=""))


def run(rule: CampaignRule, events: Sequence[Event], *news: News) -> tuple[list[Decision], list[Trigger]]:
    story = drive(rule, events, LONG_AFTER, news=news)
    assert story.states == {}
    decisions = [one for one in story.emitted if isinstance(one, Decision)]
    return decisions, [one for one in story.emitted if isinstance(one, Trigger)]


def shown(rule: CampaignRule, events: Sequence[Event], *news: News) -> list[list[str]]:
    return [[item.product_id for item in mail.items] for mail in run(rule, events, *news)[1]]


def reasons(rule: CampaignRule, events: Sequence[Event], *news: News) -> list[str]:
    return [one.reason for one in run(rule, events, *news)[0]]


TWO = [YES, add(NOON, "mug", "pen")]


def test_what_is_sold_out_at_the_instant_is_left_out_of_the_mail() -> None:
    """Said at the instant itself it counts, a millisecond later it does not; the reminder asks anew."""
    assert shown(rule(), TWO, said(FIRST, "mug")) == [["pen"], ["pen"]]
    assert shown(rule(), TWO, said(FIRST + 1, "mug")) == [["mug", "pen"], ["pen"]]
    back = said(FIRST + 1, "mug", available=True, order=1)
    assert shown(rule(), TWO, said(NOON, "mug"), back) == [["pen"], ["mug", "pen"]]


def test_value_and_facts_speak_of_what_is_left() -> None:
    """So does what the campaign asks for."""
    decisions, mails = run(rule(), TWO, said(NOON, "mug"))
    decision, mail = decisions[0], mails[0]
    assert (mail.value, decision.facts["value"], decision.facts["items"], decision.facts["sold_out"]) == (
        1200, "1200", "1", "1",
    )  # fmt: skip
    asks = campaign_text(more="[audience]\nminimum_value = 2000")
    assert reasons(rule(asks), TWO, said(NOON, "mug")) == ["below_minimum"]
    assert "sold_out" not in run(rule(), TWO)[0][0].facts


def test_if_nothing_is_left_there_is_no_mail() -> None:
    """And nothing is caught up on when it comes back."""
    both = said(NOON, "mug"), said(NOON, "pen", order=1)
    assert reasons(rule(), TWO, *both) == ["unavailable_item"]
    assert reasons(rule(), TWO, *both, said(FIRST + 1, "pen", available=True, order=2)) == ["unavailable_item"]
    assert reasons(rule(), TWO, said(FIRST + 1, "mug"), said(FIRST + 1, "pen", order=1)) == ["sent", "unavailable_item"]


def test_a_variant_is_sold_out_by_itself_or_with_its_product() -> None:
    """Each is said to be available again by itself."""
    red, blue = line("mug", variant="red"), line("mug", variant="blue")
    carts = [YES, add(NOON, red, blue, "pen")]

    def first(*news: News) -> list[str | None]:
        return [item.variant or item.product_id for item in run(rule(), carts, *news)[1][0].items]

    assert first(said(NOON, "mug", variant="red")) == ["blue", "pen"]
    assert first(said(NOON, "mug")) == ["pen"]
    assert first(said(NOON, "mug", variant="red"), said(NOON, "mug", True, order=1)) == ["blue", "pen"]
    assert first(said(NOON, "mug"), said(NOON, "mug", True, "red", order=1)) == ["pen"]


def test_a_sold_out_cart_is_not_taken_along_and_answers_for_itself() -> None:
    """The other one is mailed about alone; in its reminder both are shown if they are there again by then."""
    two = [YES, add(NOON, "mug", cart="a"), add(NOON, "pen", cart="b")]
    decisions, mails = run(rule(), two, said(NOON, "pen"))
    assert [(one.cart_id, one.reason) for one in decisions[:2]] == [("a", "sent"), ("b", "superseded")]
    assert decisions[1].facts["merged_at"] == str(SECOND)
    assert [item.product_id for item in mails[0].items] == ["mug"]
    decisions, mails = run(rule(), two, said(NOON, "mug"))
    assert [(one.cart_id, one.reason) for one in decisions[:2]] == [("a", "unavailable_item"), ("b", "sent")]
    back = said(FIRST + 1, "pen", available=True, order=1)
    assert shown(rule(), two, said(NOON, "pen"), back) == [["mug"], ["mug", "pen"]]


def test_a_reminder_shows_what_is_left_of_all_its_carts() -> None:
    """Also if that is nothing of the one that it is about."""
    two = [YES, add(NOON, "mug", cart="a"), add(NOON, "pen", cart="b")]
    assert shown(rule(), two, said(FIRST + 1, "mug")) == [["mug", "pen"], ["pen"]]


def test_what_was_looked_at_is_asked_about_when_it_is_shown() -> None:
    """What was held in the night is shown in the morning if it is there again then."""
    looked = [YES, view(NOON, lines=(line("mug"),)), view(NOON + 1, lines=(line("pen"),))]
    browse = of_signal("browse_abandoned").partition('[[steps]]\ntemplate = "two"')[0]
    assert shown(rule(browse), looked, said(NOON, "mug")) == [["pen"]]
    assert reasons(rule(browse), looked, said(NOON, "mug"), said(NOON, "pen", order=1)) == ["unavailable_item"]
    night = '[quiet_hours]\nfrom = "12:00"\nto = "20:00"\nspread = "0min"'
    held = CampaignRule(config(browse, caps=night))
    back = said(NOON + 7 * HOUR, "mug", available=True, order=1)
    assert shown(held, looked, said(NOON, "mug"), back) == [["mug", "pen"]]


def test_what_was_looked_at_and_then_bought_is_not_written_about() -> None:
    """Nor is it if it was held by then."""
    looked = [YES, view(NOON, lines=(line("mug"),))]
    browse = of_signal("browse_abandoned").partition('[[steps]]\ntemplate = "two"')[0]
    assert reasons(rule(browse), [*looked, order(NOON + 1, "mug")]) == []
    held = CampaignRule(config(browse, caps='[quiet_hours]\nfrom = "12:00"\nto = "20:00"\nspread = "0min"'))
    assert reasons(held, [*looked, order(FIRST + HOUR, "mug")]) == ["quiet_hours", "converted"]


def test_a_mail_about_an_order_shows_what_was_bought() -> None:
    """It is at their home, not on the shelf."""
    follow = of_signal("order_completed", '[courtesy]\nafter_order = "0h"')
    assert shown(rule(follow), [YES, order(NOON, "mug", order_id="o")], said(NOON, "mug"))[0] == ["mug"]


PRODUCTS = st.sampled_from("xyz")


@st.composite
def catalogs(draw: st.DrawFn) -> list[News]:
    """Words about the products of the stories, several of one instant among them."""
    at, told = NOON, []
    for number in range(draw(st.integers(0, 8))):
        at += draw(st.sampled_from([0, 1, 10 * MINUTE, DAY]))
        told.append(said(at, draw(PRODUCTS), draw(st.booleans()), order=number))
    return told


@settings(deadline=None, max_examples=60)
@given(stories(), catalogs(), st.sampled_from([1, 1000, HOUR, 7 * DAY]), st.integers(1, 4), st.data())
def test_neither_arrival_nor_ticks_nor_shards_change_what_is_shown(
    events: list[Event], news: list[News], tick: Millis, shards: int, data: st.DataObject
) -> None:
    """Shards stand at different times and share what they know."""
    plain = drive(rule(), events, LONG_AFTER, news=news)
    other = drive(
        rule(), data.draw(st.permutations([*events, *events[:3]])), LONG_AFTER, tick, shards,
        data.draw(st.permutations(news)),
    )  # fmt: skip
    by_person: Any = lambda one: one.user_id  # noqa: E731
    assert sorted(plain.emitted, key=by_person) == sorted(other.emitted, key=by_person)
    assert plain.states == other.states == {}


@settings(deadline=None, max_examples=60)
@given(stories(), catalogs())
def test_no_mail_shows_what_could_not_be_bought(events: list[Event], news: list[News]) -> None:
    """Read off the catalog, word by word; and no mail is empty."""
    for mail in drive(rule(), events, LONG_AFTER, news=news).emitted:
        if isinstance(mail, Trigger):
            last = {one.key: one.available for one in news if one.at <= mail.at}
            assert mail.items
            assert all(last.get(item.product_id, True) for item in mail.items)


def cart(*products: str) -> Cart:
    return Cart("c", NOON, tuple(CartLine(product, None, 1) for product in products))


def test_only_what_is_sold_out_is_remembered() -> None:
    """Once no shard asks for the past any more."""
    known = Availability()
    for number in range(1000):
        known.learn(said(NOON + number, f"p{number}", available=number > 2, order=number))
        known.learn(said(NOON + 2000, f"p{number}", available=number > 1, order=2000 + number))
    assert len(known) == 1000
    known.forget_before(NOON + 3000)
    assert len(known) == 2
    whole = cart("p0", "p1", "p2", "p999")
    assert [one.product_id for one in known.left(whole, NOON + 3000).lines] == ["p2", "p999"]
    assert known.left(cart("p2"), NOON + 3000) == cart("p2")


def test_a_shard_stores_no_product_that_is_available() -> None:
    """A hundred thousand products are; a few hundred are not."""
    entries = Entries()
    shard = StoredShard(rule(), Person, entries, Meta(1, 1, 1, 1))
    for number, (product, available) in enumerate([("mug", False), ("pen", True), ("cup", False), ("mug", True)]):
        shard.shard.learn(said(NOON + number, product, available, order=number))
    shard.save(NOON + 10)
    assert [key for key in entries if key.startswith("n:")] == ['n:[7,"cup",null]']
    again = rule()
    StoredShard(again, Person, entries, Meta(1, 1, 1, 1))
    left = again._availability.left(cart("cup", "mug", "pen"), NOON + 20)
    assert [one.product_id for one in left.lines] == ["mug", "pen"]
