"""A shop's records, seeded: nine in ten events are looks, 8 % fill or empty the cart, 2 % are orders.

Before its first event a person says yes to mail, with traits from the shop's own books if there are to be some.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from connectors.wire import encode
from udfs.time import MINUTE, Millis

FIRST: Millis = 1_790_000_040_000
SEED = 4
STEP = 7.2  # ms between events, as in the shared job's input
TRAIT_BYTES = 128
RUN_ON: Millis = 15 * MINUTE  # how long the clock runs on after the last event, so that what was left is decided


class Sent(NamedTuple):
    """A record of an input topic; `at` is its event time (ms)."""

    topic: str
    key: bytes
    value: bytes
    at: Millis


class People:
    """Makes the next event of a person, numbered through."""

    def __init__(self, seed: int = SEED, traits: int = 0) -> None:
        self._dice = Random(seed)
        self._traits = traits
        self._known: set[int] = set()
        self._number = 0

    def next(self, user: int, at: Millis) -> Sent:
        self._number += 1
        if user not in self._known:
            self._known.add(user)
            return _consent(self._number, user, at, self._traits)
        return _visit(self._number, user, at, self._dice)


def name_of(user: int) -> str:
    return f"u{user:07}"


def shop(events: int, users: int, step: float, seed: int = SEED, traits: int = 0) -> Iterator[Sent]:
    """So many events, one every `step` ms, in event-time order.

    A visitor comes, stays for a twentieth of the whole time and is gone; three events in ten are of busy people.
    """
    dice, people = Random(seed), People(seed, traits)
    present = max(users // 20, 1)
    for number in range(events):
        if dice.random() < 0.3:
            user = min(int(dice.paretovariate(0.7)) - 1, users - 1)
        else:
            user = (number * users // events + dice.randrange(present)) % users
        yield people.next(user, FIRST + int(number * step))


def usual_shop(events: int) -> Iterator[Sent]:
    """The shop with a person for every twenty events."""
    return shop(events, events // 20 + 1, STEP)


def _consent(number: int, user: int, at: Millis, more: int) -> Sent:
    said = {"email": f"u{user}@example.org", "first_name": "Ada", "last_name": None, "consent": {"marketing": True}}
    dice = Random(user)
    traits = {"loyalty_tier": "gold", **{f"t{each}": dice.randbytes(TRAIT_BYTES // 2).hex() for each in range(more)}}
    told = json.dumps(traits, separators=(",", ":"))
    return _sent("profile-changes", "identify", number, user, at, {**said, "traits": told})


def _visit(number: int, user: int, at: Millis, dice: Random) -> Sent:
    chance, product = dice.random(), _product(dice.randrange(20_000))
    if chance < 0.90:
        return _sent("clickstream", "Product Viewed", number, user, at, {"product": product, "currency": "EUR"})
    if chance < 0.98:
        name = "Product Removed" if chance > 0.96 else "Product Added"
        return _sent("cart", name, number, user, at, {"cart_id": "c", "products": [product], "currency": "EUR"})
    order = {"order_id": f"o{number}", "cart_id": "c", "products": [product], "total": 4900, "currency": "EUR"}
    return _sent("purchase", "Order Completed", number, user, at, order)


def _product(number: int) -> dict[str, Any]:
    return {
        "product_id": f"sku-{number:05}",
        "variant": None,
        "quantity": 1,
        "price": 1000 + number,
        "name": f"Product {number}",
        "category": f"category-{number % 40:02}",
        "image_url": f"https://shop.example/pictures/{number}.png",
        "url": f"https://shop.example/p/{number}",
    }


def _sent(topic: str, event: str, number: int, user: int, at: Millis, more: dict[str, Any]) -> Sent:
    name = name_of(user)
    envelope = {
        "message_id": f"m{number:010}",
        "user_id": name,
        "event": event,
        "timestamp": at,
        "received_at": at,
        "context": {"device": "mobile", "timezone": "Europe/Berlin", "country": "DE", "locale": "de-DE"},
    }
    return Sent(topic, name.encode(), encode(topic, {**envelope, **more}), at)
