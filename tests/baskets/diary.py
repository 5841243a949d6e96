"""What one person does in the shop, written down as a shop writes it: Segment's track and identify calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from tests.baskets.purchases import Ware
from udfs.time import Millis

Call = dict[str, Any]


def iso(at: Millis) -> str:
    """`at` (ms) as Segment writes times."""
    whole, rest = divmod(at, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03d}Z"


def major(minor: int) -> float:
    """Money as shops send it: 1299 is 12.99."""
    return minor / 100


class Diary:
    """The calls of one person; `calls` holds them with their times (ms), in the order of writing."""

    def __init__(self, person: str, anonymous: bool) -> None:
        self.person = person
        self.calls: list[tuple[Millis, Call]] = []
        self._who = {"anonymousId": person} if anonymous else {"userId": person}

    def track(self, at: Millis, event: str, **properties: Any) -> None:
        told = {name: value for name, value in properties.items() if value is not None}
        self._write(at, {"type": "track", "event": event, "properties": told})

    def identify(self, at: Millis, **traits: Any) -> None:
        self._write(at, {"type": "identify", "traits": traits})

    def consent(self, at: Millis, marketing: bool) -> None:
        self.identify(at, consent={"marketing": marketing})

    def view(self, at: Millis, ware: Ware) -> None:
        self.track(at, "Product Viewed", **_one(ware, None))

    def add(self, at: Millis, ware: Ware, cart: str | None, quantity: int | None = None) -> None:
        self.track(at, "Product Added", cart_id=cart, **_one(ware, quantity))

    def remove(self, at: Millis, ware: Ware, cart: str | None, quantity: int | None = None) -> None:
        self.track(at, "Product Removed", cart_id=cart, **_one(ware, quantity))

    def look(self, at: Millis, cart: str | None, wares: Sequence[Ware] | None = None) -> None:
        self.track(at, "Cart Viewed", cart_id=cart, products=_many(wares))

    def checkout(self, at: Millis, cart: str | None, wares: Sequence[Ware] | None = None) -> None:
        self.track(at, "Checkout Started", cart_id=cart, products=_many(wares))

    def order(self, at: Millis, order_id: str, wares: Sequence[Ware], cart: str | None = None) -> None:
        total = major(sum(ware.price * ware.quantity for ware in wares))
        told = {"order_id": order_id, "cart_id": cart, "revenue": total, "total": total, "currency": "USD"}
        self.track(at, "Order Completed", **told, products=_many(wares))

    def _write(self, at: Millis, call: Call) -> None:
        number = len(self.calls)
        self.calls.append((at, {"messageId": f"{self.person}-{number:04d}", **self._who, "timestamp": iso(at), **call}))


def _one(ware: Ware, quantity: int | None) -> Call:
    told: Call = {"product_id": ware.product_id, "name": ware.name, "price": major(ware.price)}
    return told | {"category": ware.category, "currency": "USD"} | ({"quantity": quantity} if quantity else {})


def _many(wares: Sequence[Ware] | None) -> list[Call] | None:
    if wares is None:
        return None
    return [
        {"product_id": ware.product_id, "name": ware.name, "price": major(ware.price), "quantity": ware.quantity}
        for ware in wares
    ]
