"""Triggers, people and a small shop for tests about mails."""

from __future__ import annotations

import struct
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from render_service.contents import Contents, contents
from render_service.mail import Mail, compose
from render_service.pictures import Pictures
from render_service.recipient import Recipient
from render_service.settings import Shop
from render_service.templates import Rendered, Templates
from udfs.outputs import Item, Trigger
from udfs.time import DAY

SHOP = Shop("Low Tide Goods", "hello@lowtide.example", "https://lowtide.example", "https://lowtide.example/pictures/")
ADA = Recipient("u_0412", "ada@example.org", "Ada", "en-IE", consents=True)
AT = 1_790_000_000_000
SENT_AT = datetime(2026, 9, 21, 14, 12, tzinfo=UTC)
UNSUBSCRIBE = "https://lowtide.example/unsubscribe?t=" + "x" * 150


def item(product: str = "lt-03", name: str | None = "Night Ferry", price: int | None = 1390, **more: Any) -> Item:
    given = {
        "variant": None,
        "quantity": 1,
        "image_url": f"{SHOP.pictures_url}{product}.png",
        "url": f"{SHOP.url}/p/{product}",
    }
    return Item(product_id=product, name=name, price=price, **{**given, **more})


def trigger(*items: Item, **more: Any) -> Trigger:
    items = items or (item(),)
    plain = Trigger(
        trigger_id="7f00e1c2a5b94d0c8e1f6a2b3c4d5e6f",
        campaign="cart_abandonment",
        version="v1",
        step=1,
        channel="email",
        user_id="u_0412",
        cart_id="c_7",
        at=AT,
        items=items,
        value=sum((one.price or 0) * one.quantity for one in items),
        currency="EUR",
        template="cart_left",
        message_class="marketing",
        valid_until=AT + DAY // 2,
    )
    return replace(plain, **more)


def pictures(folder: Path) -> Pictures:
    """A folder with the pictures of three products, each one pixel."""
    for product in ("lt-03", "lt-12", "lt-25"):
        (folder / f"{product}.png").write_bytes(one_pixel())
    return Pictures(folder, SHOP.pictures_url)


def one_pixel() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\x00\x0f\x5c\x63"))
        + chunk(b"IEND", b"")
    )


def shown(folder: Path, of: Trigger, to: Recipient = ADA, shop: Shop = SHOP) -> Contents:
    return contents(of, to, shop, pictures(folder), UNSUBSCRIBE)


def texts(folder: Path, of: Trigger, to: Recipient = ADA) -> Rendered:
    return Templates().render(of.template, shown(folder, of, to).values)


def mail(folder: Path, of: Trigger, to: Recipient = ADA) -> Mail:
    return compose(of, to, SHOP, texts(folder, of, to), shown(folder, of, to), SENT_AT)
