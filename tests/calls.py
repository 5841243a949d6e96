"""Records of every input topic, whole and plausible, for tests that need some bytes on the wire."""

from __future__ import annotations

import json
from typing import Any

from connectors.segment_spec import Parsed, parse
from connectors.wire import encode
from tests.disturb import Sent

AT = 1_767_261_600_123
MUG: dict[str, Any] = {
    "product_id": "p1",
    "variant": "blue",
    "quantity": 2,
    "price": 12.5,
    "name": "Mug",
    "url": "https://shop.example/p1",
}


def call(event: str, at: int = AT, user: str = "u_0412", message_id: str = "m1", **properties: Any) -> dict[str, Any]:
    """A track call in Segment's spec."""
    return {
        "messageId": message_id,
        "type": "track",
        "event": event,
        "userId": user,
        "timestamp": at,
        "context": {"device": {"type": "mobile"}, "timezone": "Europe/Lisbon", "locale": "pt-PT"},
        "properties": properties,
    }


def identify(at: int = AT, user: str = "u_0412", message_id: str = "m1", **traits: Any) -> dict[str, Any]:
    """An identify call in Segment's spec."""
    return {"messageId": message_id, "type": "identify", "userId": user, "timestamp": at, "traits": traits}


ONE_OF_EACH: tuple[dict[str, Any], ...] = (
    identify(email="ana@shop.example", firstName="Ana", consent={"marketing": True}, country="PT"),
    call("Product Viewed", **MUG),
    call("Product Added", cart_id="c1", currency="EUR", **MUG),
    call("Cart Viewed", cart_id="c1", products=[MUG, {"product_id": "p2", "price": 3}]),
    call("Order Completed", order_id="o1", cart_id="c1", total=25, currency="EUR", products=[MUG]),
    call("Email Clicked", campaign="cart_abandonment", step=1, channel="email", link="https://shop.example"),
)


def sent(given: dict[str, Any]) -> Sent:
    """The call as it lies on its topic, as history."""
    parsed = parse(json.dumps(given).encode(), None)
    assert isinstance(parsed, Parsed), parsed
    return Sent(parsed.topic, parsed.key, encode(parsed.topic, parsed.record), parsed.at)
