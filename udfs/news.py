"""News concern everybody: records that no person is the key of, and the call by which people are told of them."""

from __future__ import annotations

import msgspec

from udfs.events import CATALOG, Event, Kind
from udfs.time import Millis

EVERYBODY = "~orders"  # stands for a campaign's name where something is said of all orders; no file can be called so
ORDERS_SILENT = "orders_silent"
ORDERS_FLOW = "orders_flow"


class NewsRefused(ValueError):
    """The rule can make nothing of it, and what was known before stays; the message says why, and is for people."""


class News(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One flat value for every topic of news, and what a shard stores of it.

    `at` (ms, its effective time) is when it is learned, `since` when it takes effect, which is never earlier; of one
    instant `order`, its place in the log, decides. `key` is the record's: a campaign's name, a product's id.
    """

    kind: Kind
    key: str
    at: Millis
    since: Millis
    order: int
    action: str | None = None
    content: bytes | None = None
    file: str | None = None
    variant: str | None = None
    available: bool | None = None

    @property
    def about(self) -> str:
        """What a shard stores it as: what takes its place has the same name.

        A product is available or not, orders are silent or flow, and what was said before is over; old versions of
        campaigns are still needed.
        """
        is_over = self.kind is CATALOG or self.key == EVERYBODY
        said = (self.kind, self.key, self.variant) if is_over else (self.kind, self.key, self.order)
        return msgspec.json.encode(said).decode()

    @property
    def taken_for_granted(self) -> bool:
        """Whoever never heard of the product believes the same, so nobody need remember it."""
        return self.kind is CATALOG and self.available is True

    def told_to(self, user: str) -> Event:
        """The call that tells a person of it, at the instant at which it takes effect."""
        return Event(user, self.since, self.kind, self.key, f"~news:{self.order}")
