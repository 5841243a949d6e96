"""What happens in a story: what people do, as calls in Segment's spec, and what everybody is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from udfs.events import Kind
from udfs.news import EVERYBODY, ORDERS_FLOW, ORDERS_SILENT, News
from udfs.time import Millis

Call = dict[str, Any]
PRICE = 12.0
_ORDERS = {"silent": ORDERS_SILENT, "flow": ORDERS_FLOW}


class ActError(ValueError):
    """A table of a story that says no act, or more than one."""


def call_of(said: Mapping[str, Any], person: str, at: Millis, timezone: str | None) -> Call:
    """The call for one table of `given` or `when`; `timezone` is what the device says, None if it says nothing."""
    acts = [name for name in said if name in _ACTS]
    if len(acts) != 1:
        known = ", ".join(sorted(_ACTS))
        raise ActError(f"says {' and '.join(acts) or 'nothing that people do'}: it must be one of {known}")
    more = {name: value for name, value in said.items() if name != acts[0]}
    call: Call = {"userId": person, "timestamp": at} | _ACTS[acts[0]](said[acts[0]], more)
    if more:
        raise ActError(f"has {', '.join(more)}, which {acts[0]} does not take")
    return call | ({"context": {"timezone": timezone}} if timezone else {})


def news_of(said: Mapping[str, Any], at: Millis, order: int) -> News | None:
    """The news of one table of `given` or `when`; None if it is about a person."""
    told = [(name, said[name]) for name in said if name in ("sold_out", "available", "orders")]
    if not told:
        return None
    (act, what), *rest = told
    if rest or len(said) > 2 or (len(said) == 2 and (act == "orders" or "variant" not in said)):
        raise ActError(f"says more than {act}, which takes nothing but a variant of a product")
    if act != "orders":
        return News(Kind.CATALOG, str(what), at, at, order, variant=said.get("variant"), available=act == "available")
    if what not in _ORDERS:
        raise ActError(f"orders are {' or '.join(sorted(_ORDERS))}, not {what!r}")
    return News(Kind.CAMPAIGN, EVERYBODY, at, at, order, _ORDERS[what])


def _track(event: str, **properties: Any) -> Call:
    return {"type": "track", "event": event, "properties": {"currency": "EUR", **properties}}


def _cart_event(event: str) -> Callable[[Any, dict[str, Any]], Call]:
    def act(product: Any, more: dict[str, Any]) -> Call:
        line = _product(product) | {name: more.pop(name) for name in ("price", "quantity") if name in more}
        return _track(event, cart_id=more.pop("cart", "c1"), **line)

    return act


def _view(product: Any, more: dict[str, Any]) -> Call:
    line = _product(product) | {name: more.pop(name) for name in ("price", "quantity") if name in more}
    return _track("Product Viewed", **line)


def _order(products: Any, more: dict[str, Any]) -> Call:
    bought = [_product(product) for product in (products if isinstance(products, list) else [products])]
    cart = {"cart_id": more.pop("cart")} if "cart" in more else {}
    total = more.pop("total", PRICE * len(bought))
    return _track("Order Completed", order_id=f"order of {bought}", products=bought, total=total, **cart)


def _product(name: Any) -> dict[str, Any]:
    return {"product_id": str(name), "name": str(name), "price": PRICE}


def _any_event(event: Any, more: dict[str, Any]) -> Call:
    return {"type": "track", "event": str(event), "properties": more.pop("properties", {})}


_ACTS: Mapping[str, Callable[[Any, dict[str, Any]], Call]] = {
    "view": _view,
    "add": _cart_event("Product Added"),
    "remove": _cart_event("Product Removed"),
    "order": _order,
    "consent": lambda willing, _: {"type": "identify", "traits": {"consent": {"marketing": willing}}},
    "traits": lambda traits, _: {"type": "identify", "traits": traits},
    "event": _any_event,
}
