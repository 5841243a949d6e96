"""What lay in each cart of one person at any moment, product by product over the whole story at once.

There is no cart here that events change one after the other: every product of every cart has a line of its own through
time, and what the rules call a change of content is where one of these lines takes a step.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.baskets.diary import Call
from udfs.time import Millis

CART_EVENTS = {
    "Product Added",
    "Product Removed",
    "Cart Viewed",
    "Checkout Started",
    "Checkout Step Viewed",
    "Checkout Step Completed",
    "Payment Info Entered",
}
_LISTS = {"Cart Viewed", "Checkout Started"}
# Within one millisecond a person's events go in this order.
_SORTS = ("identify", "click", "cart", "order", "mail")

Product = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Moment:
    """One call of a person with its time (ms), what sort of event it is, and the cart that it concerns."""

    at: Millis
    sort: str
    call: Call
    cart: str | None

    @property
    def name(self) -> str:
        return str(self.call.get("event", ""))

    @property
    def told(self) -> Mapping[str, Any]:
        return self.call.get("properties") or self.call.get("traits") or {}

    @property
    def is_purchase(self) -> bool:
        return self.sort == "order" and self.name == "Order Completed"


def sort_of(call: Call) -> str:
    """One of _SORTS, by the call's name."""
    name = call.get("event", "")
    if call["type"] == "identify":
        return "identify"
    if name in CART_EVENTS or name.startswith("Coupon "):
        return "cart"
    if name.startswith("Order "):
        return "order"
    return "mail" if name.startswith("Email ") or name == "Unsubscribed" else "click"


def in_order(calls: Iterable[tuple[Millis, Call]]) -> list[Moment]:
    """The calls of one person in the order that counts; a cart event without cart_id concerns the last touched cart."""
    ranked = [(at, _SORTS.index(sort_of(call)), str(call["messageId"]), call) for at, call in calls]
    moments: list[Moment] = []
    last = ""
    for at, rank, _, call in sorted(ranked, key=lambda entry: entry[:3]):
        cart = (call.get("properties") or {}).get("cart_id")
        if _SORTS[rank] == "cart":
            cart = last = last if cart is None else cart
        moments.append(Moment(at, _SORTS[rank], call, cart))
    return moments


class Contents:
    """The lines of one cart through time; a position is an index into the person's moments."""

    def __init__(self, cart: str, moments: Sequence[Moment]) -> None:
        mine = [(at, moment) for at, moment in enumerate(moments) if _concerns(moment, cart)]
        named = {product for _, moment in mine if moment.sort == "cart" for product in _products(moment)}
        self._series = {product: _series(product, mine, cart) for product in named}
        self._prices = {product: _prices(product, mine) for product in named}
        self.steps = sorted({position for series in self._series.values() for position, _ in series})
        self.changes = [position for position in self.steps if moments[position].sort == "cart"]
        self.emptied = [position for position in self.steps if not self.at(position)]

    def at(self, position: int) -> dict[Product, int]:
        """Pieces of each product after the moment at `position`."""
        held = {product: _value(series, position) for product, series in self._series.items()}
        return {product: pieces for product, pieces in held.items() if pieces}

    def prices_at(self, position: int) -> dict[Product, int]:
        """What was last said of the price (minor units) of each product in the cart."""
        return {product: _value(self._prices[product], position) for product in self.at(position)}


def _concerns(moment: Moment, cart: str) -> bool:
    return moment.is_purchase or (moment.sort == "cart" and moment.cart == cart)


def _products(moment: Moment) -> dict[Product, list[Mapping[str, Any]]]:
    """What the call says of each product: its own properties, or its list of products."""
    told: Sequence[Mapping[str, Any]] = moment.told.get("products") or []
    if moment.name in ("Product Added", "Product Removed"):
        told = [moment.told]
    by_product = defaultdict(list)
    for entry in told:
        by_product[str(entry["product_id"]), entry.get("variant")].append(entry)
    return dict(by_product)


def _series(product: Product, mine: Sequence[tuple[int, Moment]], cart: str) -> list[tuple[int, int]]:
    """(position, pieces afterwards) wherever the number of pieces changes."""
    series: list[tuple[int, int]] = []
    for position, moment in mine:
        before = series[-1][1] if series else 0
        after = _pieces_after(before, product, moment, cart)
        if after != before:
            series.append((position, after))
    return series


def _pieces_after(before: int, product: Product, moment: Moment, cart: str) -> int:
    told = _products(moment).get(product, [])
    if moment.name == "Product Added":
        return before + _sum(told, 1)
    if moment.name == "Product Removed":
        return max(0, before - _sum(told, before))
    if moment.name in _LISTS and moment.told.get("products") is not None:
        return _sum(told, 1)
    if moment.is_purchase:
        if moment.cart in (None, cart):
            return 0
        return max(0, before - _sum(told, before))
    return before


def _sum(told: Sequence[Mapping[str, Any]], unsaid: int) -> int:
    return sum(int(entry.get("quantity", unsaid)) for entry in told)


def _prices(product: Product, mine: Sequence[tuple[int, Moment]]) -> list[tuple[int, int]]:
    tell = {"Product Added", *_LISTS}
    said = [(position, entry) for position, moment in mine if moment.name in tell
            for entry in _products(moment).get(product, [])]  # fmt: skip
    return [(position, round(entry["price"] * 100)) for position, entry in said]


def _value(series: Sequence[tuple[int, int]], position: int) -> int:
    found = bisect_right(series, position, key=lambda step: step[0])
    return series[found - 1][1] if found else 0
