"""A line is a product and its variant with a quantity; here lines are added, taken away, replaced and compared."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from udfs.events import Line

# Keeps sums and values within Avro's long whatever an event claims.
MOST_PIECES = 1_000_000


class CartLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """So many pieces of a product, with what was last said of it; `price` of one piece in minor units."""

    product_id: str
    variant: str | None
    quantity: int
    price: int | None = None
    name: str | None = None
    category: str | None = None
    image_url: str | None = None
    url: str | None = None


Lines = tuple[CartLine, ...]


def add(lines: Lines, line: Line) -> Lines:
    """One piece more where the event does not say how many; what it says of the product is taken over."""
    at = _index(lines, line)
    pieces = _pieces(line, 1)
    if at is None:
        return (*lines, _held(line, None, pieces)) if pieces else lines
    return (*lines[:at], _held(line, lines[at], lines[at].quantity + pieces), *lines[at + 1 :])


def one_piece(line: Line) -> CartLine:
    """What was looked at, as if one of it lay in a cart."""
    return _held(line, None, 1)


def take(lines: Lines, line: Line) -> Lines:
    """So many pieces less, never below none; without a quantity the whole line goes."""
    at = _index(lines, line)
    if at is None:
        return lines
    held = lines[at]
    left = held.quantity - _pieces(line, held.quantity)
    rest = () if left <= 0 else (msgspec.structs.replace(held, quantity=left),)
    return (*lines[:at], *rest, *lines[at + 1 :])


def replace(lines: Lines, told: Iterable[Line]) -> Lines:
    """Exactly what is told; a line told twice counts twice, and what was known of a product stays known."""
    known = {(line.product_id, line.variant): line for line in lines}
    found: dict[tuple[str, str | None], CartLine] = {}
    for line in told:
        key = line.product_id, line.variant
        before = found.get(key)
        pieces = _pieces(line, 1) + (before.quantity if before else 0)
        found[key] = _held(line, before or known.get(key), pieces)
    return tuple(line for line in found.values() if line.quantity)


def same_content(one: Lines, other: Lines) -> bool:
    """True if both hold the same pieces; order, prices and names do not matter."""
    if one is other:
        return True
    return len(one) == len(other) and _content(one) == _content(other)


def _content(lines: Lines) -> dict[tuple[str, str | None], int]:
    return {(line.product_id, line.variant): line.quantity for line in lines}


def _index(lines: Lines, line: Line) -> int | None:
    for at, held in enumerate(lines):
        if held.product_id == line.product_id and held.variant == line.variant:
            return at
    return None


def _pieces(line: Line, unsaid: int) -> int:
    return unsaid if line.quantity is None else max(0, line.quantity)


def _held(line: Line, known: CartLine | None, quantity: int) -> CartLine:
    quantity = min(quantity, MOST_PIECES)
    if known is None:
        return CartLine(
            line.product_id, line.variant, quantity, line.price, line.name, line.category, line.image_url, line.url
        )
    return CartLine(
        line.product_id,
        line.variant,
        quantity,
        known.price if line.price is None else line.price,
        line.name or known.name,
        line.category or known.category,
        line.image_url or known.image_url,
        line.url or known.url,
    )
