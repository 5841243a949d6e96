"""What a mail about a cart shows, as texts that are ready to print: names, prices for the reader, safe addresses."""

from __future__ import annotations

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
class Contents:
    """The values of a template and the pictures that they name."""

    values: dict[str, Any]
    pictures: tuple[Picture, ...]


def contents(trigger: Trigger, to: Recipient, shop: Shop, pictures: Pictures, unsubscribe_url: str) -> Contents:
    """Everything that a template may use, and nothing else."""
    shown = trigger.items[:MOST_ITEMS]
    own = [pictures.own(item.image_url) for item in shown]
    items = [_item(item, picture, trigger, to.locale) for item, picture in zip(shown, own, strict=True)]
    cart = f"{shop.url}/cart" + (f"?cart={quote(trigger.cart_id, safe='')}" if trigger.cart_id else "")
    values = {
        "shop": {"name": shop.name, "url": marked(shop.url, trigger)},
        "first_name": to.first_name,
        "items": items,
        "count": len(trigger.items),
        "more": len(trigger.items) - len(shown),
        "total": format_price(trigger.value, trigger.currency, to.locale) if trigger.value > 0 else None,
        "cart_url": marked(cart, trigger),
        "unsubscribe_url": unsubscribe_url,
        "variant": trigger.variant,
        "preview_padding": PREVIEW_PADDING,
    }
    return Contents(values, distinct(own))


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
