"""Sort a call's properties and traits into the fields that our schemas model, and keep the rest as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from connectors.input_events import MAX_LINES, MAX_QUANTITY
from connectors.money import exponent, to_minor
from connectors.rejected import Reason
from connectors.wire import Record

Properties = dict[str, Any]

# Personal data travels in profile-changes only; elsewhere it is not kept.
_NAMES = ("first_name", "last_name", "firstName", "lastName", "full_name")
_ADDRESSES = ("email", "email_address", "recipient", "phone", "address", "shipping_address", "billing_address")
_PERSONAL = frozenset((*_NAMES, *_ADDRESSES))
_TRAIT_NAMES = {"firstName": "first_name", "lastName": "last_name", "loyaltyTier": "loyalty_tier"}
_PRODUCT_TEXTS = ("sku", "variant", "name", "category", "image_url", "url")


class BadPropertyError(ValueError):
    """A property that has no sense where it stands; the message names it and not its value."""

    def __init__(self, name: str, problem: str, reason: Reason = Reason.BAD_VALUE) -> None:
        super().__init__(f"{name} {problem}")
        self.reason = reason


def model(topic: str, event: str, properties: Properties) -> Record:
    """The fields that a topic's schema has beside the envelope; takes what it models out of `properties`."""
    record = _MODELS[topic](event, properties)
    return record | {"properties": _kept(properties)}


def model_traits(given: Properties) -> Record:
    """The fields of profile-changes beside the envelope; a trait that is null stays in `traits`, where it deletes."""
    traits = {_TRAIT_NAMES.get(name, name): value for name, value in given.items()}
    fields: Record = {"consent": _consent(traits.pop("consent", None))}
    for name in ("email", "first_name", "last_name"):
        if (value := traits.get(name)) is not None:
            if not isinstance(value, str):
                raise BadPropertyError(f"traits.{name}", "is not a text")
            fields[name] = traits.pop(name)
    return fields | {"traits": msgspec.json.encode(traits).decode() if traits else None, "properties": None}


def _click(event: str, properties: Properties) -> Record:
    # Only the vocabulary's names promise a product: whatever else an unknown event carries is kept as it is.
    if not event.startswith("Product ") or not {"product_id", "sku"} & properties.keys():
        return {}
    currency = _currency(properties)
    return {"currency": currency, "product": _product(properties, currency, "properties")}


def _cart(event: str, properties: Properties) -> Record:
    currency = _currency(properties)
    record: Record = {"currency": currency, "cart_id": _id(properties, "cart_id")}
    if event in ("Product Added", "Product Removed"):
        return record | {"product": _product(properties, currency, "properties")}
    return record | {"products": _products(properties, currency)}


def _order(event: str, properties: Properties) -> Record:
    currency = _currency(properties)
    return {
        "currency": currency,
        "order_id": _id(properties, "order_id"),
        "cart_id": _id(properties, "cart_id"),
        "products": _products(properties, currency),
        "total": _total(properties, currency),
    }


def _email(event: str, properties: Properties) -> Record:
    step = properties.pop("step", None)
    if step is not None and (not isinstance(step, int) or isinstance(step, bool) or not 0 < step < 1000):
        raise BadPropertyError("properties.step", "is not a step, which counts from 1")
    return {
        "campaign": _either(properties, "campaign", "campaign_id"),
        "step": step,
        "version": _either(properties, "version"),
        "channel": _either(properties, "channel"),
        "template": _either(properties, "template"),
        "trigger_id": _either(properties, "trigger_id"),
        "link": _either(properties, "link", "link_url"),
    }


_MODELS: dict[str, Callable[[str, Properties], Record]] = {
    "clickstream": _click,
    "cart": _cart,
    "purchase": _order,
    "email-events": _email,
}


def _products(properties: Properties, currency: str | None) -> list[Record] | None:
    """All lines, None if the event names none; what a line carries beyond the schema stays in `products`."""
    given = properties.pop("products", None)
    if given is None:
        return None
    if not isinstance(given, list) or not all(isinstance(product, dict) for product in given):
        raise BadPropertyError("properties.products", "is not a list of products")
    if len(given) > MAX_LINES:
        raise BadPropertyError("properties.products", f"has more than {MAX_LINES} products")
    lines = [_product(product, currency, f"properties.products[{number}]") for number, product in enumerate(given)]
    if any(given):
        properties["products"] = given
    return lines


def _product(given: Properties, currency: str | None, where: str) -> Record:
    texts = {name: _text(given, name, where) for name in _PRODUCT_TEXTS}
    product_id = _id(given, "product_id", where) or texts["sku"]
    if not product_id:
        raise BadPropertyError(where, "has no product_id", Reason.FIELD_MISSING)
    return {
        "product_id": product_id,
        "quantity": _quantity(given, where),
        "price": _money(given, "price", currency, where),
        **texts,
    }


def _text(given: Properties, name: str, where: str) -> str | None:
    value = given.pop(name, None)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if value is None or isinstance(value, str):
        return value or None
    raise BadPropertyError(f"{where}.{name}", "is not a text")


def _id(given: Properties, name: str, where: str = "properties") -> str | None:
    return _text(given, name, where)


def _either(given: Properties, *names: str) -> str | None:
    """The first of several names for one thing."""
    return next((found for name in names if (found := _text(given, name, "properties"))), None)


def _quantity(given: Properties, where: str) -> int | None:
    value = given.pop("quantity", None)
    if value is None:
        return None
    try:
        quantity = to_minor(value, 0) if float(value) == int(float(value)) else -1
    except (TypeError, ValueError, OverflowError):
        quantity = -1
    if not 0 <= quantity <= MAX_QUANTITY:
        raise BadPropertyError(f"{where}.quantity", f"is not a whole number between 0 and {MAX_QUANTITY}")
    return quantity


def _money(given: Properties, name: str, currency: str | None, where: str = "properties") -> int | None:
    value = given.pop(name, None)
    if value is None:
        return None
    try:
        return to_minor(value, exponent(currency))
    except ValueError as error:
        raise BadPropertyError(f"{where}.{name}", str(error)) from None


def _total(properties: Properties, currency: str | None) -> int | None:
    """`total` is what was paid; shops that only send `revenue` or `value` mean the same by it."""
    for name in ("total", "revenue", "value"):
        if properties.get(name) is not None:
            return _money(properties, name, currency)
    return None


def _currency(properties: Properties) -> str | None:
    value = properties.pop("currency", None)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) != 3 or not value.isascii() or not value.isalpha():
        raise BadPropertyError("properties.currency", "is not a three-letter code")
    return value.upper()


def _consent(given: object) -> dict[str, bool] | None:
    if given is None:
        return None
    if not isinstance(given, dict) or not all(isinstance(answer, bool) for answer in given.values()):
        raise BadPropertyError("traits.consent", 'is not like {"marketing": true}')
    return given


def _kept(properties: Properties) -> str | None:
    rest = {name: value for name, value in properties.items() if name not in _PERSONAL}
    return msgspec.json.encode(rest).decode() if rest else None
