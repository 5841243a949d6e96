"""An event of the shared input as the Segment record that Tidemark reads: its topic, key, bytes and time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from connectors.wire import encode
from udfs.time import Millis

NAMES = {"click": "Product Viewed", "cart": "Product Added", "purchase": "Order Completed"}
TOPICS = {"click": "clickstream", "cart": "cart", "purchase": "purchase"}


class Loaded(NamedTuple):
    """A record for Kafka; `topic` is the table's name of it."""

    topic: str
    key: bytes
    value: bytes
    at: Millis


def record(event: Mapping[str, Any]) -> Loaded:
    """Everything that a row of the input says, where Segment's schemas have a place for it."""
    kind, price = event["event_type"], round(event["price"] * 100)
    product = {name: event[name] for name in ("product_id", "category", "url", "quantity")}
    product = {**_PRODUCT, **product, "price": price}
    said: dict[str, Any] = {
        **_CALL,
        "message_id": event["event_id"],
        "event": NAMES[kind],
        "user_id": event["user_id"],
        "timestamp": event["ts"],
        "context": {**_CONTEXT, "device": event["device"], "country": event["country"]},
        "properties": f'{{"session_hint":"{event["session_hint"]}"}}',
        "product": product,
        "products": [product] if kind == "purchase" else None,
        "order_id": event["event_id"],
        "total": price * event["quantity"],
    }
    topic = TOPICS[kind]
    return Loaded(topic, event["user_id"].encode(), encode(topic, said), event["ts"])


_CALL: dict[str, Any] = {
    "type": "track",
    "anonymous_id": None,
    "original_timestamp": None,
    "sent_at": None,
    "received_at": None,
    "cart_id": None,
    "currency": "EUR",
}
_CONTEXT: dict[str, Any] = dict.fromkeys(("device", "timezone", "country", "locale", "user_agent"))
_PRODUCT: dict[str, Any] = dict.fromkeys(
    ("product_id", "sku", "variant", "quantity", "price", "name", "category", "image_url", "url")
)
