"""Event time is counted in whole milliseconds since 1970 in UTC, and lengths are written as people write them."""

from __future__ import annotations

import re
from functools import lru_cache

Millis = int

SECOND: Millis = 1_000
MINUTE: Millis = 60 * SECOND
HOUR: Millis = 60 * MINUTE
DAY: Millis = 24 * HOUR

_UNITS = {"ms": 1, "s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
_LENGTH = re.compile(r"\s*(\d+)\s*(ms|s|min|h|d)\s*")


def parse_length(text: str) -> Millis:
    """`10min`, `4 h`, `30d` in milliseconds; ValueError says what is understood."""
    if found := _LENGTH.fullmatch(text):
        return int(found[1]) * _UNITS[found[2]]
    raise ValueError(f"{text!r} is not a length of time: write a whole number and ms, s, min, h or d, such as 10min")


@lru_cache(maxsize=1024)
def format_length(length: Millis) -> str:
    """The shortest exact spelling that `parse_length` reads: 600000 is `10min`."""
    for unit in ("d", "h", "min", "s"):
        if length and length % _UNITS[unit] == 0:
            return f"{length // _UNITS[unit]}{unit}"
    return f"{length}ms"
