"""What lies in a person's carts, from the first thing put in until the cart is forgotten."""

from __future__ import annotations

import msgspec

from udfs.cart_lines import CartLine, Lines, add, replace, same_content, take
from udfs.events import CART, ORDER, Event
from udfs.time import DAY, Millis

CART_TTL: Millis = 30 * DAY
ORDER_COMPLETED = "Order Completed"

_ADDED = "Product Added"
_REMOVED = "Product Removed"
_TELLS_ALL = frozenset({"Cart Viewed", "Checkout Started"})
_LONG = 2**63 - 1


class Cart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A cart of one person; `changed_at` (ms) is when its content last changed, or when it was opened."""

    cart_id: str
    changed_at: Millis
    lines: Lines = ()
    currency: str | None = None

    @property
    def pieces(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def value(self) -> int:
        """In minor units of `currency`; a line without a price counts nothing."""
        total = sum(line.quantity * (line.price or 0) for line in self.lines)
        return max(-_LONG, min(_LONG, total))

    def with_lines(self, lines: Lines, changed_at: Millis, currency: str | None = None) -> Cart:
        """The cart with this content; the same object if nothing at all is different."""
        currency = currency or self.currency
        if lines is self.lines and currency == self.currency:
            return self
        return Cart(self.cart_id, changed_at, lines, currency)


class Carts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All carts of one person, the last touched one at the end."""

    held: tuple[Cart, ...] = ()

    def get(self, cart_id: str) -> Cart | None:
        for cart in self.held:
            if cart.cart_id == cart_id:
                return cart
        return None

    @property
    def last_touched(self) -> Cart | None:
        return self.held[-1] if self.held else None

    @property
    def last_filled(self) -> Cart | None:
        """The last touched cart that is not empty: what a person would call my cart."""
        return next((cart for cart in reversed(self.held) if cart.lines), None)

    def after(self, event: Event) -> Carts:
        """The carts after any event of the person, which is not before any event already told."""
        if event.kind is CART:
            return self.touched(event)[0]
        if event.kind is ORDER and event.name == ORDER_COMPLETED:
            return self._ordered(event)
        return self

    def touched(self, event: Event) -> tuple[Carts, bool]:
        """The carts after a cart event, which concerns the last of them; True if the content of that one changed."""
        last = self.last_touched
        same = event.cart_id is None or (last is not None and last.cart_id == event.cart_id)
        before = last if same else self.get(event.cart_id or "")
        cart = before or Cart(event.cart_id or "", event.at)
        lines = _lines_after(cart.lines, event)
        changed = not same_content(lines, cart.lines)
        after = cart.with_lines(lines, event.at if changed else cart.changed_at, event.currency)
        if after is last:
            return self, False
        others = self.held[:-1] if same else tuple([held for held in self.held if held is not before])
        return Carts((*others, after)), changed

    def _ordered(self, event: Event) -> Carts:
        """The bought cart is emptied (without a cart_id: all are), and what was bought leaves the others."""
        held = tuple(_without_bought(cart, event) for cart in self.held)
        return self if held == self.held else Carts(held)

    def forget(self, at: Millis, ttl: Millis = CART_TTL) -> Carts:
        """Without the carts whose last change is `ttl` or longer ago."""
        forgotten = self.next_forgotten(ttl)
        if forgotten is None or forgotten > at:
            return self
        return Carts(tuple([cart for cart in self.held if cart.changed_at + ttl > at]))

    def next_forgotten(self, ttl: Millis = CART_TTL) -> Millis | None:
        """When the next cart is to be forgotten (ms); None if there is no cart."""
        if len(self.held) == 1:
            return self.held[0].changed_at + ttl
        return min([cart.changed_at for cart in self.held]) + ttl if self.held else None


NO_CARTS = Carts()


def _lines_after(lines: Lines, event: Event) -> Lines:
    if event.lines is None:
        return lines
    if event.name == _ADDED:
        for line in event.lines:
            lines = add(lines, line)
    elif event.name == _REMOVED:
        for line in event.lines:
            lines = take(lines, line)
    elif event.name in _TELLS_ALL:
        lines = replace(lines, event.lines)
    return lines


def _without_bought(cart: Cart, order: Event) -> Cart:
    lines: tuple[CartLine, ...] = ()
    if order.cart_id is not None and order.cart_id != cart.cart_id:
        lines = cart.lines
        for line in order.lines or ():
            lines = take(lines, line)
    return cart if same_content(lines, cart.lines) else cart.with_lines(lines, order.at)
