"""A person in the shop: looks, fills a cart, leaves it or pays; every step is told as a call in Segment's spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any, NamedTuple

import msgspec

from local_stack.shop.catalogue import CURRENCY, Product, products
from local_stack.shop.people import Person
from udfs.time import SECOND, Millis

Call = dict[str, Any]


class Told(NamedTuple):
    """A call and the moment it tells of."""

    at: Millis
    call: Call


def iso(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_iso(text: str) -> Millis:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def encode_call(call: Call, received: Millis) -> str:
    """The line of JSON that a collector would write."""
    return msgspec.json.encode(call | {"receivedAt": iso(received)}).decode()


class Tape:
    """What everybody did, in the order in which it was thought up; numbers messages and orders."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.told: list[Told] = []
        self.orders = 0

    def tell(self, at: Millis, person: Person, event: str, properties: Mapping[str, Any]) -> None:
        call = {"type": "track", "event": event, "properties": properties, "context": person.context()}
        self._add(at, person, call)

    def identify(self, at: Millis, person: Person, traits: Mapping[str, object]) -> None:
        self._add(at, person, {"type": "identify", "traits": traits, "context": person.context()})

    def next_order(self) -> str:
        self.orders += 1
        return f"{self.name}-{self.orders:05}"

    def _add(self, at: Millis, person: Person, call: Call) -> None:
        envelope = {"messageId": f"{self.name}-{len(self.told):06}", "userId": person.id, "timestamp": iso(at)}
        self.told.append(Told(at, envelope | call))


class Visitor:
    """Writes one person's steps to the tape and remembers their cart."""

    def __init__(self, person: Person, tape: Tape) -> None:
        self.person = person
        self.tape = tape
        self.away_until: Millis = 0
        self.bought: list[tuple[Millis, str, int]] = []
        self._carts = 1
        self._cart: dict[Product, int] = {}

    @property
    def cart_id(self) -> str:
        return f"c_{self.person.id[2:]}_{self._carts}"

    @property
    def has_cart(self) -> bool:
        return bool(self._cart)

    @property
    def total(self) -> int:
        return sum(product.price * count for product, count in self._cart.items())

    def sign_up(self, at: Millis) -> None:
        self.tape.identify(at, self.person, self.person.traits())

    def opt_out(self, at: Millis) -> None:
        self.tape.identify(at, self.person, {"consent": {"marketing": False}})

    def look(self, at: Millis, product: Product) -> None:
        self._tell(at, "Product Viewed", _shown(product))

    def open_list(self, at: Millis, category: str) -> None:
        self._tell(at, "Product List Viewed", {"category": category})

    def search(self, at: Millis, words: str) -> None:
        self._tell(at, "Products Searched", {"query": words})

    def open_newsletter(self, at: Millis) -> None:
        self._tell(at, "Email Opened", {"campaign": "newsletter", "channel": "email"})

    def add(self, at: Millis, product: Product, count: int = 1) -> None:
        self._cart[product] = self._cart.get(product, 0) + count
        self._tell(at, "Product Added", {"cart_id": self.cart_id, "quantity": count, **_shown(product)})

    def remove(self, at: Millis, product: Product) -> None:
        del self._cart[product]
        self._tell(at, "Product Removed", {"cart_id": self.cart_id, **_shown(product)})

    def look_into_cart(self, at: Millis) -> None:
        self._tell(at, "Cart Viewed", {"cart_id": self.cart_id})

    def check_out(self, at: Millis) -> None:
        self._tell(at, "Checkout Started", {"cart_id": self.cart_id, "products": self._lines()})

    def pay(self, at: Millis, names_cart: bool = True) -> None:
        """The order completes; some tills do not say which cart it came from."""
        order, total = self.tape.next_order(), self.total
        cart = {"cart_id": self.cart_id} if names_cart else {}
        money = {"total": total / 100, "revenue": total / 100, "currency": CURRENCY}
        self._tell(at, "Order Completed", {"order_id": order, **cart, **money, "products": self._lines()})
        self.bought.append((at, order, total))
        self._cart = {}
        self._carts += 1

    def send_back(self, at: Millis, order: str, total: int) -> None:
        self._tell(at, "Order Refunded", {"order_id": order, "total": total / 100, "currency": CURRENCY})

    def _tell(self, at: Millis, event: str, properties: Mapping[str, Any]) -> None:
        self.tape.tell(at, self.person, event, properties)

    def _lines(self) -> list[dict[str, Any]]:
        return [{**_shown(product), "quantity": count} for product, count in self._cart.items()]


def stroll(dice: Random, visitor: Visitor, at: Millis, looks: int) -> Millis:
    """Look around; returns the moment of the last look."""
    taste = dice.choice(products()).category
    if dice.random() < 0.35:
        visitor.open_list(at, taste)
    elif dice.random() < 0.2:
        visitor.search(at, dice.choice(("gift", "tea", "something green", "mug", "lamp")))
    for _ in range(looks):
        at += dice.randrange(6 * SECOND, 70 * SECOND)
        visitor.look(at, pick(dice, taste))
    return at


def fill(dice: Random, visitor: Visitor, at: Millis) -> Millis:
    """Put one to three things into the cart, seldom take one out again; returns the moment of the last change."""
    chosen = dice.sample(products(), dice.choices((1, 2, 3), (50, 33, 17))[0])
    for product in chosen:
        at += dice.randrange(8 * SECOND, 60 * SECOND)
        visitor.add(at, product, 2 if dice.random() < 0.12 else 1)
    if len(chosen) > 1 and dice.random() < 0.15:
        at += dice.randrange(8 * SECOND, 40 * SECOND)
        visitor.remove(at, chosen[0])
    return at


def pick(dice: Random, taste: str) -> Product:
    """Mostly from the category that they came for."""
    shelf: Sequence[Product] = [product for product in products() if product.category == taste]
    return dice.choice(shelf if dice.random() < 0.7 else products())


def _shown(product: Product) -> dict[str, Any]:
    return {
        "product_id": product.id,
        "name": product.name,
        "category": product.category,
        "price": product.price / 100,
        "currency": CURRENCY,
        "image_url": product.image_url,
        "url": product.url,
    }
