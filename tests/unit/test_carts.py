"""What lies in the carts of a person after the events of a shop."""

from __future__ import annotations

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.customer import NOON, add, event, line, look, look_empty, order, remove, view
from udfs.carts import CART_TTL, NO_CARTS, Carts
from udfs.events import Event, Kind, Line


def told(*events: Event) -> Carts:
    return reduce(lambda carts, one: carts.after(one), events, NO_CARTS)


def content(carts: Carts, cart: str = "c1") -> dict[str, int]:
    found = carts.get(cart)
    return {held.product_id: held.quantity for held in found.lines} if found else {}


def test_added_without_a_quantity_is_one_piece() -> None:
    """Most shops leave the quantity out."""
    assert content(told(add(NOON, "mug"))) == {"mug": 1}


def test_adding_again_adds_up_and_knows_the_latest_price() -> None:
    """The mail shows what was last said of a product, and keeps what was not said again."""
    carts = told(add(NOON, line("mug", 2, name="Mug", price=1200)), add(NOON + 1, Line("mug", quantity=3, price=1000)))
    (held,) = carts.held[0].lines
    assert (held.quantity, held.price, held.name) == (5, 1000, "Mug")
    assert carts.held[0].value == 5000


def test_a_variant_is_a_line_of_its_own() -> None:
    """A red shirt and a blue one are two things."""
    carts = told(add(NOON, line("shirt", variant="red")), add(NOON + 1, line("shirt", 2, variant="blue")))
    assert [(held.variant, held.quantity) for held in carts.held[0].lines] == [("red", 1), ("blue", 2)]


@pytest.mark.parametrize(("removed", "left"), [(1, 2), (2, 1), (3, 0), (9, 0), (None, 0), (0, 3), (-4, 3)])
def test_removing_takes_pieces_and_without_a_quantity_the_line(removed: int | None, left: int) -> None:
    """Never below nothing, and a negative number is nobody's wish."""
    carts = told(add(NOON, line("mug", 3)), remove(NOON + 1, line("mug", removed)))
    assert content(carts) == ({"mug": left} if left else {})


def test_removing_what_is_not_there_changes_nothing() -> None:
    """It only touches the cart."""
    assert content(told(add(NOON, "mug"), remove(NOON + 1, "pen"))) == {"mug": 1}


def test_an_event_without_cart_id_concerns_the_last_touched_cart() -> None:
    """Even if that was touched by a mere look."""
    carts = told(
        add(NOON, cart="c1"), add(NOON + 1, cart="c2"), look(NOON + 2, cart="c1"), add(NOON + 3, "pen", cart=None)
    )
    assert content(carts, "c1") == {"mug": 1, "pen": 1}
    assert content(carts, "c2") == {"mug": 1}


def test_without_any_cart_the_unnamed_one_is_opened() -> None:
    """Shops that know no cart ids have one cart for each person."""
    assert content(told(add(NOON, cart=None), add(NOON + 1, "pen", cart=None)), "") == {"mug": 1, "pen": 1}


def test_an_order_does_not_touch_a_cart() -> None:
    """Else the next thing would fall into the cart that was just bought."""
    carts = told(
        add(NOON, cart="c1"), add(NOON + 1, cart="c2"), order(NOON + 2, cart="c1"), add(NOON + 3, "pen", cart=None)
    )
    assert content(carts, "c2") == {"mug": 1, "pen": 1}


@pytest.mark.parametrize("name", ["Cart Viewed", "Checkout Started"])
def test_a_full_list_replaces_an_empty_list_empties_and_no_list_says_nothing(name: str) -> None:
    """The shop's own list is the truth; that it sends none is not."""
    filled = told(add(NOON, line("mug", 3, name="Mug")))
    replaced = filled.after(look(NOON + 1, line("mug", 2), "pen", name=name))
    assert content(replaced) == {"mug": 2, "pen": 1}
    assert replaced.held[0].lines[0].name == "Mug"
    assert content(filled.after(look_empty(NOON + 1, name=name))) == {}
    assert content(filled.after(look(NOON + 1, name=name))) == {"mug": 3}


def test_a_product_listed_twice_counts_twice_and_none_of_it_is_not_there() -> None:
    """Some shops list each piece."""
    assert content(told(look(NOON, "mug", line("mug", 2), line("pen", 0)))) == {"mug": 3}


@pytest.mark.parametrize("name", ["Checkout Step Viewed", "Payment Info Entered", "Coupon Applied"])
def test_other_cart_events_change_nothing_but_touch(name: str) -> None:
    """A coupon's list of products is not the cart's content."""
    carts = told(add(NOON, cart="c1"), add(NOON + 1, cart="c2"), look(NOON + 2, "pen", cart="c1", name=name))
    assert content(carts, "c1") == {"mug": 1}
    assert carts.last_touched == carts.get("c1")


def test_an_order_empties_its_cart_and_takes_what_was_bought_from_the_others() -> None:
    """As many pieces as were bought; what was bought on the telephone is not offered on the laptop."""
    carts = told(
        add(NOON, line("mug", 3), "pen", cart="c1"),
        add(NOON + 1, "mug", "cup", cart="c2"),
        order(NOON + 2, line("mug", 2), cart="c2"),
    )
    assert content(carts, "c1") == {"mug": 1, "pen": 1}
    assert content(carts, "c2") == {}


def test_an_ordered_line_without_a_quantity_takes_the_whole_line() -> None:
    """Rather too little is offered again than too much."""
    assert content(told(add(NOON, line("mug", 3)), order(NOON + 1, line("mug"), cart="another"))) == {}


def test_an_order_without_cart_id_empties_all_carts() -> None:
    """Segment's own Order Completed does not say which."""
    carts = told(add(NOON, cart="c1"), add(NOON + 1, cart="c2"), order(NOON + 2, "pen"))
    assert content(carts, "c1") == content(carts, "c2") == {}


@pytest.mark.parametrize("name", ["Order Cancelled", "Order Refunded", "Order Updated"])
def test_what_happens_to_an_order_later_reopens_no_cart(name: str) -> None:
    """And empties none."""
    bought = told(add(NOON, cart="c1"), order(NOON + 1, "mug", cart="c1"), add(NOON + 2, cart="c2"))
    assert bought.after(order(NOON + 3, "mug", cart="c2", name=name)) == bought


def test_clicks_and_mails_concern_no_cart() -> None:
    """Product Viewed carries a product, too."""
    assert told(view(NOON, lines=(line(),)), event(NOON, Kind.EMAIL, "Email Opened")) == NO_CARTS


def test_a_cart_is_forgotten_30_days_after_its_last_change() -> None:
    """A look does not keep it, and an emptied one stays the last touched until then."""
    carts = told(add(NOON, cart="c1"), remove(NOON + 5, cart="c1"), look(NOON + 900, cart="c1"))
    assert carts.next_forgotten() == NOON + 5 + CART_TTL
    assert carts.forget(NOON + 4 + CART_TTL) is carts
    assert content(carts.after(add(NOON + 999, "pen", cart=None))) == {"pen": 1}
    assert carts.forget(NOON + 5 + CART_TTL) == NO_CARTS


def test_when_the_last_touched_cart_is_forgotten_the_one_touched_before_takes_its_place() -> None:
    """It is still the one that was touched last among all that are known."""
    carts = told(add(NOON, cart="old"), add(NOON + 5, cart="new"), look(NOON + 9, cart="old")).forget(NOON + CART_TTL)
    assert content(carts.after(add(NOON + CART_TTL, "pen", cart=None)), "new") == {"mug": 1, "pen": 1}


def test_what_an_event_claims_stays_within_what_a_record_can_carry() -> None:
    """A quantity of 2^62 must not stop the job for everybody."""
    huge = line("mug", 2**62, price=2**62)
    (cart,) = told(add(NOON, huge), add(NOON + 1, huge)).held
    assert 0 < cart.value < 2**63
    assert 0 < cart.pieces < 2**31


@given(
    st.lists(
        st.tuples(
            st.sampled_from([add, remove, look, order]),
            st.lists(st.builds(line, st.sampled_from("abc"), st.none() | st.integers(-3, 5)), min_size=1, max_size=3),
            st.sampled_from([None, "c1", "c2"]),
        ),
        max_size=12,
    )
)
def test_every_line_has_pieces_and_every_product_one_line(steps: list[tuple[object, list[Line], str | None]]) -> None:
    """Whatever the events are."""
    carts = NO_CARTS
    for at, (build, products, cart) in enumerate(steps):
        carts = carts.after(build(NOON + at, *products, cart=cart))  # type: ignore[operator]
    for held in carts.held:
        assert all(one.quantity > 0 for one in held.lines)
        assert len({one.product_id for one in held.lines}) == len(held.lines)
    assert len({held.cart_id for held in carts.held}) == len(carts.held)
