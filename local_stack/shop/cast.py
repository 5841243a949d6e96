"""A few people whose stories are told on purpose, so that there is always somebody to ask about."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from local_stack.shop.catalogue import Product, products
from local_stack.shop.visitor import Visitor
from udfs.time import HOUR, MINUTE, SECOND, Millis

FIRST = 42
ONE_SECOND_BEFORE = 412
CONVERTED = 7
OPTED_OUT = 101
LATE_ORDER = 233
REMINDED = 568
SECOND_CART = 650
TOO_LATE_FOR_US = (88, 301, 777)


def _thing(name: str) -> Product:
    return next(product for product in products() if product.name == name)


def first(who: Visitor, start: Millis) -> None:
    """Leaves a cart minutes before the sale opens, so that the first mail is not long in coming."""
    who.add(start - 8 * MINUTE, _thing("Tide Calendar"))


def one_second_before(who: Visitor, start: Millis) -> None:
    """A bowl and a pen at two minutes past; the order comes at the last second of the ten minutes."""
    who.look(start + 70 * SECOND, _thing("Fountain Pen"))
    who.add(start + 118 * SECOND, _thing("Breakwater Bowl"))
    who.add(start + 2 * MINUTE, _thing("Fountain Pen"))
    who.pay(start + 12 * MINUTE - SECOND)


def converted(who: Visitor, start: Millis) -> None:
    """Leaves a teapot, gets the mail, buys it after breakfast: no reminder."""
    who.add(start + 3 * MINUTE, _thing("Moonrise Teapot"))
    who.look_into_cart(start + 17 * HOUR)
    who.pay(start + 17 * HOUR + 4 * MINUTE)


def opted_out(who: Visitor, start: Millis) -> None:
    """Leaves a lantern, and says within the ten minutes that mail is not wanted."""
    who.add(start + 4 * MINUTE, _thing("Pier Lantern"))
    who.opt_out(start + 9 * MINUTE)


def late_order(who: Visitor, start: Millis) -> None:
    """Orders in good time, but the order takes longer to arrive than the tide waits; it still cancels the mail."""
    who.add(start + 5 * MINUTE, _thing("Olive Tree"))
    who.pay(start + 8 * MINUTE)


def reminded(who: Visitor, start: Millis) -> None:
    """Leaves two things and never comes back: the mail, and its reminder a day later."""
    who.add(start + 2 * MINUTE, _thing("Harbour Fog"))
    who.add(start + 3 * MINUTE, _thing("Pebble Mug"))


def second_cart(who: Visitor, start: Millis) -> None:
    """Leaves the same cart twice within the hour: one mail."""
    who.add(start + 2 * MINUTE, _thing("Buoy Lamp"))
    who.add(start + 17 * MINUTE, _thing("Long Matches"))


def too_late_for_us(who: Visitor, start: Millis) -> None:
    """Pays seconds after the deadline: decided already, but the last look before sending still sees the order."""
    who.add(start + 6 * MINUTE, _thing("Lemon Tree"))
    who.pay(start + 16 * MINUTE + 3 * SECOND)


STORIES: Mapping[int, Callable[[Visitor, Millis], None]] = {
    FIRST: first,
    ONE_SECOND_BEFORE: one_second_before,
    CONVERTED: converted,
    OPTED_OUT: opted_out,
    LATE_ORDER: late_order,
    REMINDED: reminded,
    SECOND_CART: second_cart,
    **dict.fromkeys(TOO_LATE_FOR_US, too_late_for_us),
}
