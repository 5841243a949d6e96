"""What a map says of one value: a text with columns in braces, such as `order-{Name}` or `{Email|hash}`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from udfs.time import Millis
from udfs.zones import zone

_BRACES = re.compile(r"\{([^{}]+)\}")
_OFFSET = re.compile(r"\s+([+-]\d{2}:?\d{2}|UTC|Z)$")
_MILLISECONDS_FROM = 100_000_000_000  # as seconds that would be the year 5138
_YES = frozenset({"yes", "true", "1", "y", "subscribed"})


class ValueProblem(ValueError):
    """A value that cannot be made of a row, or a map that asks for something unknown."""


@dataclass(frozen=True, slots=True)
class _Place:
    """One pair of braces: a column, what is done to it, and columns that stand in where it is empty."""

    column: str
    filters: tuple[str, ...]
    otherwise: tuple[str, ...]

    def __call__(self, row: Mapping[str, Any]) -> Any:
        for column in (self.column, *self.otherwise):
            value = look_up(row, column)
            if value is not None and value != "":
                for name in self.filters:
                    value = _FILTERS[name](value)
                return value
        return None


@dataclass(frozen=True, slots=True)
class Value:
    """Text between places. A single place alone keeps its type; None if a place of it is empty."""

    texts: tuple[str, ...]
    places: tuple[_Place, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(place.column for place in self.places)

    def __call__(self, row: Mapping[str, Any]) -> Any:
        told = [place(row) for place in self.places]
        if any(one is None for one in told):
            return None
        if self.texts == ("", "") and told:
            return told[0]
        return "".join(f"{text}{one}" for text, one in zip(self.texts, (*told, ""), strict=True))


def value_of(text: str) -> Value:
    """ValueProblem if it asks for something that is not known."""
    parts = _BRACES.split(text)
    return Value(tuple(parts[::2]), tuple(_place(part) for part in parts[1::2]))


def look_up(row: Mapping[str, Any], name: str) -> Any:
    """A column, or what lies within one of JSON: `event_properties.ProductID`."""
    if name in row:
        return row[name]
    column, _, rest = name.partition(".")
    inner = row.get(column)
    return look_up(inner, rest) if rest and isinstance(inner, Mapping) else None


def instant(said: Any, zone_name: str) -> Millis:
    """ISO 8601 in some spellings, or seconds or milliseconds since 1970; local to `zone_name` where no zone is said."""
    if isinstance(said, datetime):
        return _of_datetime(said, zone_name)
    text = str(said).strip() if said is not None else ""
    if not text:
        raise ValueProblem("there is no time")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        number = float(text)
        return round(number if number >= _MILLISECONDS_FROM else number * 1000)
    try:
        return _of_datetime(datetime.fromisoformat(_OFFSET.sub(_joined, text)), zone_name)
    except ValueError:
        raise ValueProblem(f"the time is not like 2026-10-12 14:01:00 +0200 but like {_shape(text)}") from None


def _joined(offset: re.Match[str]) -> str:
    return "+00:00" if offset[1] in ("UTC", "Z") else offset[1]


def _shape(text: str) -> str:
    """How it is written, without what it says."""
    return re.sub(r"[A-Za-z]", "x", re.sub(r"\d", "9", text[:40]))


def _of_datetime(moment: datetime, zone_name: str) -> Millis:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone(zone_name))
    return round(moment.timestamp() * 1000)


def _place(text: str) -> _Place:
    column, *steps = text.split("|")
    otherwise = tuple(step.removeprefix("or:") for step in steps if step.startswith("or:"))
    filters = tuple(step for step in steps if not step.startswith("or:"))
    if unknown := [name for name in filters if name not in _FILTERS]:
        raise ValueProblem(f"{unknown[0]!r} is not known: there are {', '.join(sorted(_FILTERS))} and or:COLUMN")
    return _Place(column, filters, otherwise)


def _hash(value: Any) -> str:
    """The same person by the same address, and no address."""
    return "p_" + blake2b(str(value).strip().lower().encode(), digest_size=10).hexdigest()


def _money(value: Any) -> Any:
    """`$1,299.50` is 1299.50; a comma before two last digits is a point."""
    if not isinstance(value, str):
        return value
    text = re.sub(r"[^\d.,-]", "", value)
    if re.search(r",\d{2}$", text):
        text = text.replace(".", "").replace(",", ".")
    return text.replace(",", "")


_FILTERS: Mapping[str, Callable[[Any], Any]] = {
    "hash": _hash,
    "lower": lambda value: str(value).strip().lower(),
    "yes": lambda value: str(value).strip().lower() in _YES,
    "money": _money,
}
