"""What crosses the border from the JVM for one shard and tick."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from udfs.time import Millis


class RawTick(NamedTuple):
    """The records of a tick in any order, a list for each of: key, value, coordinate, Kafka's time, effective time."""

    keys: Sequence[bytes | None]
    values: Sequence[bytes | None]
    coordinates: Sequence[int]
    times: Sequence[Millis]
    effective: Sequence[Millis]

    def at_places(self, places: Sequence[int]) -> RawTick:
        """Some of its records."""
        return RawTick(
            [self.keys[place] for place in places],
            [self.values[place] for place in places],
            [self.coordinates[place] for place in places],
            [self.times[place] for place in places],
            [self.effective[place] for place in places],
        )
