"""What a shop tells us of a person, as the rules see it: one flat value for every topic."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from udfs.time import Millis

ERASURE = "~erase"


class Kind(enum.IntEnum):
    """The topics that jobs read, in the order in which a person's events of one millisecond go.

    From `CAMPAIGN` on they are news, which concern everybody and go before all events of their millisecond.
    """

    PROFILE = 0
    CLICK = 1
    CART = 2
    ORDER = 3
    EMAIL = 4
    SEND = 5  # what became of our own mails; only the campaigns read it
    CAMPAIGN = 6
    CATALOG = 7


# To look a member up in its enumeration takes as long as to copy a person (Python 3.11).
PROFILE, CLICK, CART, ORDER, EMAIL, SEND, CAMPAIGN, CATALOG = Kind


class Line(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A product as an event names it; `price` is in minor units, `quantity` None where the event says none."""

    product_id: str
    variant: str | None = None
    quantity: int | None = None
    price: int | None = None
    name: str | None = None
    category: str | None = None
    image_url: str | None = None
    url: str | None = None


class Context(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What the device says of itself; `timezone` is an IANA name."""

    device: str | None = None
    timezone: str | None = None
    country: str | None = None
    locale: str | None = None


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event; `at` is its effective time (ms), `lines` None if it carries no products and () if an empty list."""

    user: str
    at: Millis
    kind: Kind
    name: str
    message_id: str
    late: bool = False
    cart_id: str | None = None
    order_id: str | None = None
    lines: tuple[Line, ...] | None = None
    total: int | None = None
    currency: str | None = None
    traits: dict[str, Any] | None = None
    context: Context | None = None
    campaign: str | None = None
    step: int | None = None
    channel: str | None = None
    bounce: str | None = None
    trigger_id: str | None = None
