"""What a mail about carts shows, as texts that are ready to print: names, prices for the reader, safe addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from render_service.links import marked
from render_service.pictures import Picture, Pictures, distinct
from render_service.prices import format_price
from render_service.recipient import Recipient
from render_service.settings import Shop
from udfs.outputs import Item, Trigger

MOST_ITEMS = 8
LONGEST_NAME = 90
PREVIEW_PADDING = "\u00a0\u200c" * 60  # keeps the mail's first words out of the preview line


@dataclass(frozen=True, slots=True)
class MailItem:
    """A line of the cart as it is printed; None what is not known."""

    name: str
    detail: str | None
    price: str | None
    picture: str | None
    url: str | None


@dataclass(frozen=True, slots=True)
class MailCart:
    """A cart as it is printed; `more` of its lines are not shown, `total` is None if it is not known."""

    items: list[MailItem]
    more: int
    total: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Contents:
    """The values of a template and the pictures that they name."""

    values: dict[str, Any]
    pictures: tuple[Picture, ...]


def contents(trigger: Trigger, to: Recipient, shop: Shop, pictures: Pictures, unsubscribe_url: str) -> Contents:
    """Everything that a template may use, and nothing else."""
    lines = _by_cart(trigger.items)
    most = max(1, MOST_ITEMS // max(1, len(lines)))
    shown = {cart_id: inside[:most] for cart_id, inside in list(lines.items())[:MOST_ITEMS]}
    own = {item: pictures.own(item.image_url) for inside in shown.values() for item in inside}
    carts = [
        MailCart(
            [_item(item, own[item], trigger, to.locale) for item in inside],
            len(lines[cart_id]) - len(inside),
            _total(trigger, lines[cart_id], to.locale),
            marked(_cart_page(shop, cart_id if trigger.cart_id else None), trigger),
        )
        for cart_id, inside in shown.items()
    ]
    items = [item for cart in carts for item in cart.items]
    values = {
        "shop": {"name": shop.name, "url": marked(shop.url, trigger)},
        "first_name": to.first_name,
        "items": items,
        "carts": carts,
        "count": len(trigger.items),
        "more": len(trigger.items) - len(items),
        "total": format_price(trigger.value, trigger.currency, to.locale) if trigger.value > 0 else None,
        "cart_url": marked(_cart_page(shop, trigger.cart_id), trigger),
        "unsubscribe_url": unsubscribe_url,
        "variant": trigger.variant,
        "preview_padding": PREVIEW_PADDING,
    }
    return Contents(values, distinct(own.values()))


def _by_cart(items: Iterable[Item]) -> dict[str | None, list[Item]]:
    """The lines of each cart, in the order in which the carts come."""
    found: dict[str | None, list[Item]] = {}
    for item in items:
        found.setdefault(item.cart_id, []).append(item)
    return found


def _total(trigger: Trigger, lines: list[Item], locale: str | None) -> str | None:
    """What lies in one of the carts; not known where the trigger does not name all lines."""
    if trigger.value != sum(item.quantity * (item.price or 0) for item in trigger.items):
        return None
    value = sum(item.quantity * (item.price or 0) for item in lines)
    return format_price(value, trigger.currency, locale) if value > 0 else None


def _cart_page(shop: Shop, cart_id: str | None) -> str:
    return f"{shop.url}/cart" + (f"?cart={quote(cart_id, safe='')}" if cart_id else "")


def _item(item: Item, picture: Picture | None, trigger: Trigger, locale: str | None) -> MailItem:
    currency, url = trigger.currency, _web(item.url)
    price = None if item.price is None else format_price(item.price * item.quantity, currency, locale)
    return MailItem(
        name=_line(item.name or item.product_id),
        detail=_detail(item, currency, locale),
        price=price,
        picture=f"cid:{picture.cid}" if picture else _web(item.image_url),
        url=marked(url, trigger) if url else None,
    )


def _detail(item: Item, currency: str | None, locale: str | None) -> str | None:
    said = [_line(item.variant)] if item.variant else []
    if item.quantity > 1:
        each = "" if item.price is None else f" \u00d7 {format_price(item.price, currency, locale)}"
        said.append(f"{item.quantity}{each or ' pieces'}")
    return ", ".join(said) or None


def _line(text: str) -> str:
    """One printable line of a bearable length."""
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return plain if len(plain) <= LONGEST_NAME else plain[: LONGEST_NAME - 1].rstrip() + "…"


def _web(url: str | None) -> str | None:
    """An address of the web as it is; anything else, such as javascript:, is none."""
    if url is None or len(url) > 2_000 or not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in {"http", "https"} and parts.netloc else None
