"""Local time anywhere, from the `tzdata` package alone, so that every machine says the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from udfs.time import DAY, HOUR, SECOND, Millis

_HOME = files("tzdata") / "zoneinfo"
_LONGEST_NAME = 64


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """The zone of an IANA name; None for whatever else a device may say."""
    parts = name.split("/")
    if len(name) > _LONGEST_NAME or not all(
        part.replace("_", "").replace("-", "").replace("+", "").isalnum() for part in parts
    ):
        return None
    try:
        with _HOME.joinpath(*parts).open("rb") as told:
            return ZoneInfo.from_file(told, key=name)
    except (OSError, ValueError):
        return None


@cache
def of_countries() -> Mapping[str, tuple[str, ...]]:
    """The zones in use in each country, by ISO 3166-1 alpha-2 code."""
    found: dict[str, list[str]] = defaultdict(list)
    for line in (_HOME / "zone.tab").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            found[country].append(name)
    return {country: tuple(sorted(names)) for country, names in found.items()}


def offset(where: ZoneInfo, at: Millis) -> Millis:
    """What local time is ahead of UTC at an instant."""
    steady = _offset_all_hour(where, at // HOUR)
    return _offset(where, at) if steady is None else steady


@lru_cache(maxsize=1 << 16)
def _offset_all_hour(where: ZoneInfo, hour: int) -> Millis | None:
    """None if the clocks change in this hour of UTC; to ask the zone itself is ten times slower than this memory."""
    begin, end = _offset(where, hour * HOUR), _offset(where, (hour + 1) * HOUR)
    return begin if begin == end else None


def _offset(where: ZoneInfo, at: Millis) -> Millis:
    told = datetime.fromtimestamp(at // SECOND, UTC).astimezone(where).utcoffset()
    return 0 if told is None else int(told.total_seconds()) * SECOND


def time_of_day(where: ZoneInfo, at: Millis) -> Millis:
    """Milliseconds that local clocks show since midnight; on the days of a change clocks skip or repeat some."""
    return (at + offset(where, at)) % DAY


class Hours:
    """The daily hours from `begin` to before `end` (ms since local midnight), over midnight if `end` is earlier."""

    __slots__ = ("begin", "end")

    def __init__(self, begin: Millis, end: Millis) -> None:
        self.begin, self.end = begin, end

    def hold(self, where: ZoneInfo, at: Millis) -> bool:
        """True if a local clock shows a time of these hours."""
        shown = time_of_day(where, at)
        if self.begin <= self.end:
            return self.begin <= shown < self.end
        return shown >= self.begin or shown < self.end

    def over(self, where: ZoneInfo, at: Millis) -> Millis:
        """The first instant from `at` on at which a local clock shows another time."""
        while self.hold(where, at):
            at = _next_step(where, at, at + (self.end - time_of_day(where, at)) % DAY)
        return at


def first_free(hours: Hours, zones: Iterable[ZoneInfo], at: Millis) -> Millis | None:
    """The first instant from `at` on outside of the hours in all zones; None if there is none within two days."""
    places, until = _unlike(tuple(zones), at // DAY), at + 2 * DAY
    while at <= until:
        later = at
        for where in places:
            later = hours.over(where, later)
        if later == at:
            return at
        at = later
    return None


@lru_cache(maxsize=4096)
def _unlike(places: tuple[ZoneInfo, ...], day: int) -> tuple[ZoneInfo, ...]:
    """One of those zones that agree in the three days from `day` on: of the 29 of the United States seven are left.

    They do if they agree at both ends and neither changes, for no clocks change twice in three days.
    """
    found: dict[object, ZoneInfo] = {}
    for where in places:
        begin, end = offset(where, day * DAY), offset(where, (day + 3) * DAY)
        found.setdefault(begin if begin == end else where, where)
    return tuple(found.values())


def _next_step(where: ZoneInfo, at: Millis, until: Millis) -> Millis:
    """`until`, or the change of the clocks before it."""
    before = offset(where, at)
    if offset(where, until) == before:
        return until
    low, high = at, until  # the clocks change once between them
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if offset(where, middle) == before else (low, middle)
    return high
