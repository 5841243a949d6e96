"""The instant at which a clock on the wall first shows a date and a time, also where clocks change."""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

from udfs.time import DAY, HOUR, Millis
from udfs.zones import offset

# Since the year 2000 no clock on earth is further ahead of UTC, or behind it.
MOST_AHEAD: Millis = 14 * HOUR
MOST_BEHIND: Millis = 12 * HOUR


@lru_cache(maxsize=1 << 14)
def first_shown(where: ZoneInfo, shown: Millis) -> Millis:
    """The first instant at which local clocks show `shown` (ms, as if clocks were in UTC) or a later time.

    A time that clocks skip counts as the end of the gap, one that comes twice as the first of the two.
    """
    early, late = shown - DAY, shown + DAY  # whatever the zone, the instant lies between them
    before, after = offset(where, early), offset(where, late)
    if before == after:
        return shown - before
    while late - early > 1:  # clocks change once between them
        middle = (early + late) // 2
        early, late = (middle, late) if offset(where, middle) == before else (early, middle)
    return shown - before if shown - before < late else max(late, shown - after)
