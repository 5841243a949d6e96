"""Which messages a shard has seen within the horizon, so that a redelivered one changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from struct import Struct

from udfs.time import DAY, HOUR, Millis

_PAIR = Struct("<Qq")


class SeenIds:
    """Remembers (person, messageId) by a 64-bit hash with the time of the first sight, exactly `horizon` ms long.

    `fresh` holds what was learnt since the owner last cleared it, by hour, for whoever keeps it.
    """

    def __init__(self, horizon: Millis = DAY) -> None:
        self.horizon = horizon
        self.fresh: dict[int, list[tuple[int, Millis]]] = {}
        self.duplicates = 0
        self._first: dict[int, Millis] = {}
        self._hours: dict[int, list[int]] = {}

    def is_new(self, user: str, message_id: str, at: Millis) -> bool:
        """True if this message was not seen within the horizon before `at` (event time, ms)."""
        key = int.from_bytes(blake2b(f"{user}\0{message_id}".encode(), digest_size=8).digest())
        first = self._first.get(key)
        if first is not None and at - first <= self.horizon:
            self.duplicates += 1
            return False
        self._learn(key, at)
        self.fresh.setdefault(at // HOUR, []).append((key, at))
        return True

    def _learn(self, key: int, at: Millis) -> None:
        self._first[key] = at
        self._hours.setdefault(at // HOUR, []).append(key)

    def forget_before(self, now: Millis) -> list[int]:
        """Drop the hours that lie wholly behind the horizon; returns them."""
        gone = [hour for hour in self._hours if (hour + 1) * HOUR <= now - self.horizon]
        for hour in gone:
            for key in self._hours.pop(hour):
                if self._first[key] // HOUR == hour:
                    del self._first[key]
            self.fresh.pop(hour, None)
        return gone

    def of_hour(self, hour: int) -> list[tuple[int, Millis]]:
        """What is remembered of one hour, as (hash, first sight)."""
        return [(key, at) for key in self._hours.get(hour, ()) if (at := self._first[key]) // HOUR == hour]

    def restore(self, packed: bytes) -> None:
        """Take back what `pack` wrote."""
        for key, at in _PAIR.iter_unpack(packed):
            self._learn(key, at)

    def __len__(self) -> int:
        return len(self._first)


def pack(pairs: Iterable[tuple[int, Millis]]) -> bytes:
    """16 bytes for each (hash, first sight)."""
    return b"".join(_PAIR.pack(key, at) for key, at in pairs)
