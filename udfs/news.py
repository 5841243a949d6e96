"""News concern everybody: records that no person is the key of, and the call by which people are told of them."""

from __future__ import annotations

import msgspec

from udfs.events import Event, Kind
from udfs.time import Millis

# A product is available or not, and what was said of it before is over; old versions of campaigns are still needed.
_SUPERSEDED = frozenset({Kind.CATALOG})


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
        """What a shard stores it as: what takes its place has the same name."""
        said = (self.kind, self.key, self.variant) if self.kind in _SUPERSEDED else (self.kind, self.key, self.order)
        return msgspec.json.encode(said).decode()

    def told_to(self, user: str) -> Event:
        """The call that tells a person of it, at the instant at which it takes effect."""
        return Event(user, self.since, self.kind, self.key, f"~news:{self.order}")
