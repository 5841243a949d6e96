"""The usual shape of a call in Segment's spec; a call of another shape is not decoded into it."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

Text = str | int | None
Amount = int | float | str | None


class Product(msgspec.Struct, gc=False):
    """A line of a cart or an order, or the product that an event is about; UNSET where the call does not name it."""

    product_id: Text | UnsetType = UNSET
    sku: Text | UnsetType = UNSET
    variant: Text = None
    name: Text = None
    category: Text = None
    image_url: Text = None
    url: Text = None
    quantity: int | None = None
    price: Amount = None


class Properties(Product, gc=False):
    """What any of our events may say; each reads its own."""

    currency: str | None = None
    cart_id: Text = None
    order_id: Text = None
    products: list[Product] | None = None
    total: Amount = None
    revenue: Amount = None
    value: Amount = None
    campaign: Text = None
    campaign_id: Text = None
    step: int | None = None
    channel: Text = None
    version: Text = None
    template: Text = None
    link: Text = None
    link_url: Text = None
    trigger_id: Text = None


class Device(msgspec.Struct, gc=False):
    type: str | None = None


class Location(msgspec.Struct, gc=False):
    country: str | None = None


class Said(msgspec.Struct, gc=False, rename="camel"):
    """The context."""

    device: Device | None = None
    location: Location | None = None
    timezone: str | None = None
    locale: str | None = None
    user_agent: str | None = None


class Call(msgspec.Struct, gc=False, rename="camel"):
    """A call whose ids and stamps are of the usual types."""

    message_id: str
    type: str
    event: str | None = None
    name: str | None = None
    user_id: Text = None
    anonymous_id: Text = None
    timestamp: str | int | None = None
    original_timestamp: str | int | None = None
    sent_at: str | int | None = None
    received_at: str | int | None = None
    properties: Properties | None = None
    traits: dict[str, object] | None = None
    context: Said | None = None
