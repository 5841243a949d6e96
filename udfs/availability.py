"""Which products could be bought at which time, as the catalog has told it; of the others it is taken for granted."""

from __future__ import annotations

from collections.abc import Iterable

from udfs.cart_lines import CartLine
from udfs.carts import Cart
from udfs.news import News
from udfs.sold_out import Product
from udfs.time import Millis
from udfs.timeline import Timeline


class Availability:
    """A function of event time, since shards that stand at different times share it."""

    def __init__(self) -> None:
        self._said: dict[Product, Timeline[bool]] = {}
        self._moved: set[Product] = set()

    def __len__(self) -> int:
        """How many products and variants are remembered."""
        return len(self._said)

    def learn(self, news: News) -> None:
        """In any order, and as often as it comes."""
        product = news.key, news.variant
        if (known := self._said.get(product)) is None:
            known = self._said[product] = Timeline()
        known.learn(news.since, news.order, bool(news.available))
        self._moved.add(product)

    def left(self, cart: Cart, at: Millis) -> Cart:
        """The cart with the lines that can be bought at `at` (ms); the same object if those are all."""
        if not self._said:
            return cart
        lines = tuple([line for line in cart.lines if not self._is_sold_out(line, at)])
        return cart if len(lines) == len(cart.lines) else cart.with_lines(lines, cart.changed_at)

    def forget_before(self, at: Millis) -> None:
        """What holds no longer at `at`, nor ever after: then only what is sold out is remembered."""
        moved, self._moved = self._moved, set()
        for product in moved:
            known = self._said[product]
            known.forget_before(at)
            if len(known) > 1 or known.at(at) is None:
                self._moved.add(product)
            elif known.at(at):
                del self._said[product]

    def _is_sold_out(self, line: CartLine, at: Millis) -> bool:
        return any(self._said[one].at(at) is False for one in self._known(line))

    def _known(self, line: CartLine) -> Iterable[Product]:
        whole, variant = (line.product_id, None), (line.product_id, line.variant)
        return {one for one in (whole, variant) if one in self._said}
