"""Which topic an event belongs to, by its name: Segment's e-commerce vocabulary."""

from __future__ import annotations

from functools import lru_cache

IDENTIFY = "identify"
RESERVED = "~"
_CART = frozenset(
    {
        "Product Added",
        "Product Removed",
        "Cart Viewed",
        "Checkout Started",
        "Checkout Step Viewed",
        "Checkout Step Completed",
        "Payment Info Entered",
    }
)
_FAMILIES = {"Coupon ": "cart", "Order ": "purchase", "Email ": "email-events"}


@lru_cache(maxsize=4096)
def topic_for(event: str) -> str:
    """The input topic of an event name; a name that nobody knows belongs to the clickstream."""
    if event in _CART:
        return "cart"
    if event == "Unsubscribed":
        return "email-events"
    if event == IDENTIFY:
        return "profile-changes"
    return next((topic for family, topic in _FAMILIES.items() if event.startswith(family)), "clickstream")
