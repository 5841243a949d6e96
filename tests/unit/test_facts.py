"""What must hold of the facts of a person: net of what was given back, and of the person only."""

from __future__ import annotations

from functools import reduce

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.customer import NOON, add, consent, event, identify, line, order, remove, view
from udfs import facts as parts
from udfs import interests, orders
from udfs.events import Context, Event, Kind
from udfs.facts import Facts
from udfs.interests import NO_INTERESTS, slug
from udfs.orders import NO_ORDERS, Orders
from udfs.time import DAY, HOUR, Millis


def after(*events: Event) -> Facts:
    return reduce(parts.fold, events, parts.unknown(events[0].at))


def bought(*events: Event) -> Orders:
    return reduce(orders.fold, events, NO_ORDERS)


def buy(at: Millis, order_id: str | None = "o1", total: int | None = 100, currency: str | None = "EUR") -> Event:
    return order(at, order_id=order_id, total=total, currency=currency)


def refund(at: Millis, order_id: str | None = "o1", total: int | None = None) -> Event:
    return order(at, name="Order Refunded", order_id=order_id, total=total)


def cancel(at: Millis, order_id: str | None = "o1") -> Event:
    return order(at, name="Order Cancelled", order_id=order_id)


def test_orders_and_revenue_are_net_of_what_was_given_back() -> None:
    """A part given back lowers the revenue; the whole of it takes the order away, too."""
    both = bought(buy(1, "o1", 100), buy(2, "o2", 50))
    assert (both.count, both.revenue, both.average) == (2, 150, 75)
    partly = orders.fold(both, refund(3, "o1", 30))
    assert (partly.count, partly.revenue, partly.first, partly.last) == (2, 120, 1, 2)
    wholly = orders.fold(partly, refund(4, "o1", 70))
    assert (wholly.count, wholly.revenue, wholly.first, wholly.last) == (1, 50, 2, 2)


def test_a_cancelled_order_was_no_order_but_it_is_remembered_that_it_was_placed() -> None:
    """The last look before a mail asks for any order completed, even if cancelled later."""
    net = bought(buy(1), cancel(2))
    assert (net.count, net.revenue, net.first, net.last, net.average) == (0, 0, None, None, None)
    assert net.last_completed == 1


def test_giving_back_twice_takes_off_once() -> None:
    """A cancellation after a refund of everything finds nothing more to take."""
    assert bought(buy(1), refund(2), cancel(3), refund(4)) == bought(buy(1), refund(2))


@pytest.mark.parametrize("back", [cancel(1), refund(1), refund(1, total=100), refund(1, total=40)])
def test_a_correction_that_comes_before_its_order_waits_for_it(back: Event) -> None:
    """A late order takes effect after its cancellation; the sums must come out the same."""
    early, late = bought(back, buy(2)), bought(buy(1), back)
    assert (early.count, early.revenue) == (late.count, late.revenue)


def test_a_correction_of_an_order_that_was_never_seen_changes_no_sum() -> None:
    """Its revenue is not in the sums, so it cannot be taken out of them."""
    assert bought(buy(1, "o1"), refund(2, "before history", 70)).revenue == 100


def test_a_correction_without_an_order_id_concerns_the_last_order_that_stands() -> None:
    """Shops that do not say which order mean the one just placed."""
    assert bought(buy(1, "o1"), buy(2, None, 30), cancel(3, None)).revenue == 100


def test_an_order_told_twice_under_two_message_ids_counts_once() -> None:
    """Its id says that it is the same order."""
    assert bought(buy(1), buy(2)).count == 1
    assert bought(buy(1, None), buy(2, None)).count == 2


def test_the_first_and_last_order_outlive_the_history_of_365_days() -> None:
    """The single orders are dropped, what follows from them stays."""
    year = bought(buy(0, "old"), buy(366 * DAY, "new"))
    assert [one.order_id for one in year.history] == ["new"]
    assert (year.count, year.revenue, year.first) == (2, 200, 0)
    cancelled = orders.fold(year, cancel(367 * DAY, "new"))
    assert (cancelled.count, cancelled.first, cancelled.last) == (1, 0, 0)


def test_an_order_in_another_currency_counts_and_its_money_does_not() -> None:
    """Cents of two currencies have no sum; the person's currency is that of the first order."""
    mixed = bought(buy(1, "o1", 100, "EUR"), buy(2, "o2", 900, "SEK"), buy(3, "o3", 50, None))
    assert (mixed.count, mixed.revenue, mixed.currency) == (3, 150, "EUR")


def test_no_claim_of_an_event_overflows_the_sums() -> None:
    """Whatever is claimed must still fit into Avro's long, or one order would stop the job."""
    huge = bought(*(buy(number, str(number), 2**63 - 1) for number in range(100)))
    assert huge.revenue < 2**63
    assert bought(buy(1, total=-5)).revenue == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("CXR"), st.sampled_from("abc"), st.integers(1, 9)), max_size=12))
def test_net_figures_equal_those_computed_from_all_orders_at_once(told: list[tuple[str, str, int]]) -> None:
    """Kept sums and sums anew are the same after any story of orders and corrections."""
    names = {"C": buy, "R": refund}
    net = bought(
        *(
            cancel(at, which) if what == "X" else names[what](at, which, total)
            for at, (what, which, total) in enumerate(told)
        )
    )
    lefts = []
    for which in "abc":
        theirs = [(what, total) for what, other, total in told if other == which]
        totals = [total for what, total in theirs if what == "C"]
        gone = any(what == "X" for what, _ in theirs)
        left = totals[0] - sum(total for what, total in theirs if what == "R") if totals and not gone else 0
        lefts += [left] if left > 0 else []
    assert (net.count, net.revenue) == (len(lefts), sum(lefts))


def test_a_person_was_last_seen_on_the_site_and_not_by_opening_a_mail() -> None:
    """Machines open mails, and a refund is the shop's doing."""
    opened = event(5, Kind.EMAIL, "Email Opened")
    seen = after(identify(1, {"x": 1}), view(2), add(3), opened, refund(6)).seen
    assert (seen.first, seen.last, seen.last_event) == (2, 3, 6)


def test_what_the_device_says_goes_before_what_the_traits_say() -> None:
    """Where somebody is just now matters more than where they signed up; nothing said leaves what is known."""
    traits = {"timezone": "Europe/Paris", "country": "FR", "locale": "fr-FR"}
    home = after(identify(1, traits))
    assert (parts.timezone(home), parts.country(home), parts.locale(home)) == ("Europe/Paris", "FR", "fr-FR")
    away = after(
        identify(1, traits),
        view(2, context=Context(device="phone", timezone="Asia/Tokyo", country="JP")),
        view(3, context=Context(device="laptop")),
    )
    assert (away.device.device, parts.timezone(away), parts.country(away)) == ("laptop", "Asia/Tokyo", "JP")
    assert parts.locale(away) == "fr-FR"


def test_traits_are_merged_and_a_null_takes_one_away() -> None:
    """`identify` says what is new; consent is merged by purpose."""
    known = after(
        identify(1, {"email": "ada@example.org", "age": 30, "consent": {"marketing": True}}),
        identify(2, {"age": None, "consent": {"profiling": False}}),
    ).traits
    assert known.raw == {"email": "ada@example.org", "consent": {"marketing": True, "profiling": False}}


def test_no_trait_is_too_strange_to_be_stored() -> None:
    """JSON knows numbers and depths that the state's bytes do not; one such trait must not stop the job."""
    deep: object = "down here"
    for _ in range(500):
        deep = [deep]
    told = {"huge": 10**30, "absurd": 10**400, "deep": deep, "inside": {"huge": [-(10**20)]}, "fits": 2**63 - 1}
    known = after(identify(1, told)).traits
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(known), type=parts.Traits) == known
    assert {name: known.raw[name] for name in ("huge", "inside", "fits")} == {
        "huge": 1e30,
        "inside": {"huge": [-1e20]},
        "fits": 2**63 - 1,
    }
    assert "absurd" not in known.raw


def test_an_unsubscribed_address_is_suppressed_until_it_changes() -> None:
    """Suppression belongs to the address; saying the same consent again does not lift it."""
    unsubscribed = event(2, Kind.EMAIL, "Unsubscribed")
    told = identify(1, {"email": "a@example.org"})
    assert after(told, unsubscribed, consent(3)).traits.suppressed == 2
    assert after(told, unsubscribed, identify(3, {"email": "b@example.org"})).traits.suppressed is None


def test_favourite_categories_fade_by_a_tenth_each_day() -> None:
    """Yesterday's love beats last month's, and an order counts as much as five looks."""
    jam, mug = (line(name, category=category) for name, category in (("jam", "Food"), ("mug", "Kitchen")))
    liked = reduce(
        interests.fold,
        [
            *(view(NOON + at, lines=(jam,)) for at in range(4)),
            view(NOON + 7 * DAY, lines=(mug,)),
            view(NOON + 7 * DAY, lines=(mug,)),
        ],
        NO_INTERESTS,
    )
    assert dict(liked.points) == {"Food": 4_000 * 9**7 // 10**7, "Kitchen": 2_000}
    assert liked.favourites == ("Kitchen", "Food")
    assert interests.faded(liked, NOON + 200 * DAY) == {}
    assert interests.fold(liked, order(NOON + 7 * DAY, jam)).favourites == ("Food", "Kitchen")


def test_the_last_viewed_products_are_ten_and_each_is_named_once() -> None:
    """The one looked at again comes first."""
    looks = [view(at, lines=(line(f"p{at % 12}"),)) for at in range(15)]
    viewed = reduce(interests.fold, [*looks, view(20, lines=(line("p1"),))], NO_INTERESTS).viewed
    assert viewed == ("p1", "p2", "p0", "p11", "p10", "p9", "p8", "p7", "p6", "p5")


@pytest.mark.parametrize(
    ("category", "name"), [("Shoes", "shoes"), ("Home & Garden", "home_garden"), ("Über", "über"), ("--", "other")]
)
def test_a_category_is_spelt_like_the_name_of_a_segment(category: str, name: str) -> None:
    """browsing_home_garden is a key in Redis and a word on the command line."""
    assert slug(category) == name


def test_a_part_that_an_event_does_not_concern_stays_the_same_object() -> None:
    """That is how segments that read only it are left alone."""
    known = after(view(1), add(2), order(3, order_id="o1", total=5), consent(4))
    assert parts.differing(known, parts.fold(known, view(5))) == {parts.SEEN}
    assert parts.differing(known, parts.fold(known, consent(5, False))) == {parts.TRAITS}
    assert parts.differing(known, parts.fold(known, event(5, Kind.EMAIL, "Email Opened"))) == set()
    assert parts.differing(known, parts.fold(known, add(5))) == {parts.SEEN, parts.CARTS}


def test_only_the_parts_asked_for_are_kept() -> None:
    """The campaigns job does not remember what no segment of it reads."""
    story = [view(1, lines=(line(category="Food"),)), add(2), order(3, order_id="o1", total=5), consent(4), remove(5)]
    known = reduce(lambda facts, told: parts.fold(facts, told, frozenset({parts.SEEN})), story, parts.unknown(1))
    assert known == Facts(parts.Seen(1, 5, 5))


def test_a_cart_is_forgotten_by_the_clock() -> None:
    """Thirty days after its last change nothing lies in it."""
    filled = after(add(NOON))
    assert filled.carts.last_filled is not None
    assert parts.after_clock(filled, NOON + 30 * DAY - 1) is filled
    assert parts.after_clock(filled, NOON + 30 * DAY).carts.last_filled is None


def test_an_hour_is_no_reason_to_fade() -> None:
    """Points fade at midnight in UTC only, so that an order of events within a day is of no weight."""
    mug = line("mug", category="Kitchen")
    liked = reduce(interests.fold, [view(NOON, lines=(mug,)), view(NOON + HOUR, lines=(mug,))], NO_INTERESTS)
    assert dict(liked.points) == {"Kitchen": 2_000}
