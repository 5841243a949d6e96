"""The message ids of a shard, written through to keyed state.

d:<hour>:<tick>    message ids learnt in that tick, 12 bytes each; a past hour is one entry, d:<hour>:0
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from udfs.operators.tick_shard import Mapping
from udfs.seen import SeenIds
from udfs.time import HOUR, Millis


class StoredIds:
    """`seen` with its ids in `mapping`, under keys that begin with `d:`."""

    def __init__(self, mapping: Mapping) -> None:
        self.seen = SeenIds()
        self._mapping = mapping
        self._pieces: dict[int, list[str]] = defaultdict(list)

    def restore(self, entries: Iterable[tuple[str, bytes]]) -> None:
        """Take back all entries."""
        ids: list[tuple[int, bytes]] = []
        for key, stored in entries:
            hour = int(key.split(":")[1])
            ids.append((hour, stored))
            self._pieces[hour].append(key)
        self.seen.restore(ids)

    def save(self, until: Millis) -> None:
        """Write what was learnt since the last call, and make one piece of each hour that has passed."""
        seen = self.seen
        for hour, piece in seen.fresh_by_hour():
            self._put(hour, f"d:{hour}:{until}", piece)
        seen.fresh = []
        if not seen.close(until):
            return
        for hour in [hour for hour in self._pieces if hour < until // HOUR]:
            whole = seen.of_hour(hour)
            if not whole or len(self._pieces[hour]) > 1:
                for key in self._pieces.pop(hour):
                    self._mapping.remove(key)
                if whole:
                    self._put(hour, f"d:{hour}:0", whole)

    def _put(self, hour: int, key: str, packed: bytes) -> None:
        self._mapping.put(key, packed)
        self._pieces[hour].append(key)
