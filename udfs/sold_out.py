"""What cannot be bought just now: a product as a whole, or a variant of it."""

from __future__ import annotations

from collections.abc import Container

Product = tuple[str, str | None]


def is_sold_out(gone: Container[Product], product_id: str, variant: str | None) -> bool:
    """True if the variant is gone, or the product as a whole; each is said to be available again by itself."""
    return (product_id, None) in gone or (variant is not None and (product_id, variant) in gone)
