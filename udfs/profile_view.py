"""A profile as others read it: flat fields with readable names, as they stand in a Redis hash."""

from __future__ import annotations

from typing import Any

import msgspec

from udfs import facts as parts
from udfs.facts import Facts
from udfs.profile_state import ProfileState
from udfs.score_sheet import ScoreSheet

Field = str | int | float
Fields = dict[str, Field]

_json = msgspec.json.Encoder(order="sorted").encode


def view(state: ProfileState, sheet: ScoreSheet) -> Fields:
    """The profile as it is shown between two steps; what is not known has no field.

    Names that end in `_at` are instants (ms), money is in minor units of `currency`, lists are JSON.
    """
    facts = state.facts
    known: dict[str, Any] = {
        "user_id": state.user,
        "first_seen_at": facts.seen.first,
        "last_seen_at": facts.seen.last,
        **sheet.values(state.scores, max(state.shown_at, facts.seen.last_event)),
        **_orders(facts),
        "favourite_categories": facts.interests.favourites or None,
        "last_viewed": facts.interests.viewed or None,
        **_cart(facts),
        "device": facts.device.device,
        "country": parts.country(facts),
        "timezone": parts.timezone(facts),
        "locale": parts.locale(facts),
        "loyalty_tier": facts.traits.text("loyalty_tier"),
        "suppressed_at": facts.traits.suppressed,
        **{f"consent_{purpose}": said is True for purpose, said in facts.traits.consent.items()},
        **{f"trait_{name}": said for name, said in facts.traits.raw.items() if name != "consent"},
    }
    return {name: _field(said) for name, said in known.items() if said is not None}


def _orders(facts: Facts) -> dict[str, Any]:
    orders = facts.orders
    return {
        "orders": orders.count,
        "net_revenue": orders.revenue,
        "average_order": orders.average,
        "currency": orders.currency,
        "first_order_at": orders.first,
        "last_order_at": orders.last,
        "last_completed_at": orders.last_completed,
    }


def _cart(facts: Facts) -> dict[str, Any]:
    cart = facts.carts.last_filled
    if cart is None:
        return {"cart_items": 0, "cart_value": 0}
    lines = [
        {"product_id": line.product_id, "variant": line.variant, "quantity": line.quantity, "price": line.price}
        for line in cart.lines
    ]
    return {
        "cart_id": cart.cart_id,
        "cart_items": cart.pieces,
        "cart_value": cart.value,
        "cart_changed_at": cart.changed_at,
        "cart": lines,
    }


def _field(said: Any) -> Field:
    """Text and numbers as they are, flags as `true` and `false`, the rest as JSON."""
    if isinstance(said, (str, int, float)) and not isinstance(said, bool):
        return said
    return _json(said).decode()
