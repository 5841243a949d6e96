"""What the demo shop sells: forty products, read from catalogue.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

import msgspec

HERE = Path(__file__).parent
PICTURES = HERE / "pictures"
SHOP = "https://lowtide.example"
CURRENCY = "EUR"


class Product(msgspec.Struct, frozen=True):
    """A thing on the shelf; `price` in cents, `colours` as #rrggbb with the picture's ground first."""

    id: str
    name: str
    category: str
    price: int
    text: str
    motif: str
    colours: tuple[str, str, str]

    @property
    def picture(self) -> Path:
        return PICTURES / f"{self.id}.png"

    @property
    def image_url(self) -> str:
        return f"{SHOP}/pictures/{self.id}.png"

    @property
    def url(self) -> str:
        return f"{SHOP}/p/{self.id}"


@cache
def products() -> tuple[Product, ...]:
    """All of them, in the order of the file."""
    shelf = tomllib.loads((HERE / "catalogue.toml").read_text("utf-8"))
    return msgspec.convert(shelf["product"], tuple[Product, ...])
