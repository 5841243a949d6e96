"""The quick way from a line to an event says what the long way over Avro says, of usual lines and of strange ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.quick_calls import event_by_the_long_way, event_of
from connectors.rejected import Rejected
from tests.baskets.shop import shop

NAMES = (
    "Product Viewed",
    "Product Added",
    "Product Removed",
    "Cart Viewed",
    "Checkout Started",
    "Order Completed",
    "Order Refunded",
    "Coupon Entered",
    "Email Clicked",
    "Email Bounced",
    "Unsubscribed",
    "Wheel Spun",
    "identify",
    "~erase",
    "",
)
odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "x", "~x", "é" * 200, 7, -1, 0, 1.5, True, [], {}, {"a": 1}, "12.505", 10**15, "x" * 300]
)
texts = st.one_of(st.sampled_from(["a", "b1", "Blue mug", ""]), st.none(), st.integers(0, 99))
amounts = st.one_of(st.none(), st.integers(-1, 10**6), st.floats(0, 1e6), st.sampled_from(["12.90", "0.285", "no"]))
stamps = st.sampled_from(
    [
        "2026-10-12T14:01:00Z",
        "2026-10-12T14:01:00.123456+02:00",
        "2026-10-12T14:01:00",
        "2026-10-12",
        "yesterday",
        1_790_000_000_000,
        1_790_000_000,
        None,
    ]
)
product = st.fixed_dictionaries(
    {},
    optional={
        "product_id": texts,
        "sku": texts,
        "variant": texts,
        "name": texts,
        "category": texts,
        "quantity": st.one_of(st.none(), st.integers(-1, 3), st.sampled_from([2.0, 2.5, "2"])),
        "price": amounts,
        "brand": odd,
    },
)
properties = st.builds(
    lambda *parts: {name: value for part in parts for name, value in part.items()},
    product,
    st.fixed_dictionaries(
        {},
        optional={
            "currency": st.sampled_from(["EUR", "eur", "JPY", "", None, "EURO", 7]),
            "cart_id": texts,
            "order_id": texts,
            "products": st.one_of(st.none(), st.lists(product, max_size=3)),
            "total": amounts,
            "revenue": amounts,
            "campaign": texts,
            "campaign_id": texts,
            "step": st.sampled_from([None, 1, 0, 1000, True, "1"]),
            "channel": texts,
            "link": texts,
            "bounce_type": st.sampled_from(["soft", "Hard", None, 5]),
        },
    ),
    st.dictionaries(st.sampled_from(["cart_id", "name", "value", "template", "email", "products"]), odd, max_size=1),
)
context = st.one_of(
    st.none(),
    odd,
    st.fixed_dictionaries(
        {},
        optional={
            "device": st.one_of(odd, st.just({"type": "ios"})),
            "location": st.one_of(odd, st.just({"country": "de"})),
            "timezone": st.sampled_from(["Europe/Berlin", "", None, "x" * 2000]),
            "locale": st.sampled_from(["de-DE", 5]),
            "userAgent": st.sampled_from(["Mozilla", ""]),
        },
    ),
)
traits = st.dictionaries(
    st.sampled_from(["email", "firstName", "consent", "timezone", "last_name", "vip"]),
    st.one_of(odd, st.just({"marketing": True}), st.just("ada@example.com")),
    max_size=4,
)
calls = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "track", "track", "identify", "page", "screen", "group"]),
        "event": st.sampled_from(NAMES),
        "messageId": st.one_of(st.sampled_from(["m1", "", "~m"]), odd),
        "timestamp": stamps,
    },
    optional={
        "userId": st.one_of(st.sampled_from(["ada", "ben"]), odd),
        "anonymousId": st.one_of(st.just("a-1"), odd),
        "name": st.sampled_from(["Home", None]),
        "properties": st.one_of(properties, st.none()),
        "traits": st.one_of(traits, st.none()),
        "context": context,
        "receivedAt": stamps,
        "sentAt": stamps,
        "originalTimestamp": stamps,
    },
)


@settings(max_examples=1500, deadline=None)
@given(call=calls)
def test_any_call_gives_the_same_event_or_the_same_refusal_by_both_ways(call: dict[str, Any]) -> None:
    """The quick way may be quick only where it is sure."""
    line = json.dumps(call).encode()
    assert event_of(line) == event_by_the_long_way(line)


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"null", b"\xff", b'{"type":"track"}', b"[" * 100_000, b'{"event":"a' + b"a" * 300_000],
    ids=["nothing", "open", "list", "null", "not utf-8", "short", "deep", "long"],
)
def test_what_is_no_call_is_refused_with_the_same_reason(line: bytes) -> None:
    """A line with its reason is all that its owner gets to see."""
    told = event_of(line)
    assert isinstance(told, Rejected)
    assert told == event_by_the_long_way(line)


def test_the_lines_of_a_real_shop_go_both_ways_alike() -> None:
    """What is usual must not be strange to the quick way."""
    for _, call in shop(300).calls:
        line = json.dumps(call).encode()
        assert event_of(line) == event_by_the_long_way(line)
