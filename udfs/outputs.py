"""What the rules say: each struct has the fields of the Avro schema that carries it."""

from __future__ import annotations

import msgspec

from udfs.time import Millis


class SegmentChange(msgspec.Struct, frozen=True, gc=False):
    """A person entered or left a segment at `at` (ms); `cause` is event, clock or definition."""

    user_id: str
    segment: str
    change: str
    at: Millis
    cause: str


class Item(msgspec.Struct, frozen=True, gc=False):
    """A line as a mail shows it; `price` of one piece in minor units.

    `cart_id` is the cart that it lies in, `~viewed` for what was looked at, None for what was bought.
    """

    product_id: str
    variant: str | None
    quantity: int
    price: int | None
    name: str | None
    image_url: str | None
    url: str | None
    cart_id: str | None = None


class Decision(msgspec.Struct, frozen=True, gc=False):
    """Why somebody gets a message or not; `at` is the exact instant that was decided on, `facts` what it rests on.

    `wake_at` (ms) is when a deferred question is asked again, `variant` the way in which the mail is written.
    """

    decision_id: str
    signal_id: str
    follows: str | None
    campaign: str
    version: str
    step: int
    channel: str
    user_id: str
    cart_id: str | None
    at: Millis
    outcome: str
    reason: str
    facts: dict[str, str]
    variant: str | None = None
    wake_at: Millis | None = None


class Trigger(msgspec.Struct, frozen=True, gc=False, rename={"message_class": "class"}):
    """A message that is to be sent; `value` in minor units, not to be sent after `valid_until` (ms)."""

    trigger_id: str
    campaign: str
    version: str
    step: int
    channel: str
    user_id: str
    cart_id: str | None
    at: Millis
    items: tuple[Item, ...]
    value: int
    currency: str | None
    template: str
    message_class: str
    valid_until: Millis
    variant: str | None = None
