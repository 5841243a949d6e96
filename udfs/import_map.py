"""A small map from rows of a table to calls in Segment's spec: which rows are what, and which column says what."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from udfs.config_error import ConfigError
from udfs.import_values import Value, ValueProblem, instant, look_up, value_of

Row = Mapping[str, Any]
Call = dict[str, Any]
IDENTIFY = "identify"
MAP_KEYS = frozenset({"group", "zone", "json", "event"})
EVENT_KEYS = frozenset({"name", "when", "id", "user", "time", "properties", "traits", "products", "products_from"})


@dataclass(frozen=True, slots=True)
class EventMap:
    """One table [[event]]; `when` has for each column the texts that it may be, "*" is any."""

    name: str
    when: Mapping[str, tuple[str, ...]]
    id: Value
    user: Value
    time: Value
    said: Mapping[str, Any]
    products: Mapping[str, Value] | None
    products_from: str | None

    def meant(self, row: Row) -> bool:
        return all(_is_one_of(look_up(row, column), texts) for column, texts in self.when.items())


@dataclass(frozen=True, slots=True)
class ImportMap:
    """A whole file; rows with the same `group` follow each other and are one thing, `json` names columns of JSON."""

    events: tuple[EventMap, ...]
    group: str | None = None
    zone: str = "UTC"
    json: tuple[str, ...] = ()

    @property
    def columns(self) -> set[str]:
        """What a table must have, at least: what times, people and conditions are read from."""
        named = {column for event in self.events for column in event.when}
        named |= {
            column for event in self.events for one in (event.id, event.user, event.time) for column in one.columns
        }
        return {name.partition(".")[0] if name.partition(".")[0] in self.json else name for name in named} | (
            {self.group} if self.group else set()
        )


def read_map(content: bytes, file: str) -> ImportMap:
    """ConfigError says what is wrong and where."""
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(file, "", f"is not TOML: {problem}", "See config/imports for examples") from None
    _known(table, MAP_KEYS, "", file)
    told = table.get("event")
    if not isinstance(told, list) or not told:
        raise ConfigError(file, "event", "there is none", "Write [[event]] for each kind of call")
    events = tuple(_event(one, f"event.{number}", file) for number, one in enumerate(told, 1))
    return ImportMap(events, table.get("group"), table.get("zone", "UTC"), tuple(table.get("json", ())))


def calls(rows: Sequence[Row], mapping: ImportMap) -> Iterator[Call]:
    """The calls that a group of rows becomes, each with its time (ms); ValueProblem names a column that makes none.

    What concerns the whole group stands in its first row; each of its rows may name a product.
    """
    decoded = [_with_json(row, mapping.json) for row in rows]
    for event in mapping.events:
        if event.meant(decoded[0]):
            yield _call(event, decoded, mapping)


def grouped(rows: Iterable[tuple[int, Row]], group: str | None) -> Iterator[list[tuple[int, Row]]]:
    """Numbered rows that belong together; those of a group follow each other."""
    held: list[tuple[int, Row]] = []
    for number, row in rows:
        if held and (group is None or row.get(group) != held[0][1].get(group)):
            yield held
            held = []
        held.append((number, row))
    if held:
        yield held


def _call(event: EventMap, rows: Sequence[Row], mapping: ImportMap) -> Call:
    first = rows[0]
    at = instant(event.time(first), mapping.zone)
    call: Call = {
        "messageId": _needed(event.id(first), "id"),
        "userId": _needed(event.user(first), "user"),
        "timestamp": at,
    }
    said = _filled(event.said, first)
    if event.name == IDENTIFY:
        return call | {"type": IDENTIFY, "traits": said}
    if event.products is not None:
        lines = look_up(first, event.products_from) if event.products_from else rows
        said["products"] = [_filled(event.products, line) for line in lines or () if isinstance(line, Mapping)]
    return call | {"type": "track", "event": event.name, "properties": said}


def _needed(told: Any, key: str) -> str:
    if told is None or told == "":
        raise ValueProblem(f"the columns of {key} are empty")
    return str(told)


def _filled(said: Mapping[str, Any], row: Row) -> dict[str, Any]:
    """With what the row says; what it does not say is left out."""
    filled = {}
    for name, value in said.items():
        told = _filled(value, row) if isinstance(value, Mapping) else value(row) if isinstance(value, Value) else value
        if told not in (None, "", {}):
            filled[name] = told
    return filled


def _with_json(row: Row, columns: Sequence[str]) -> Row:
    if not columns:
        return row
    decoded = dict(row)
    for column in columns:
        if isinstance(text := row.get(column), str) and text:
            try:
                decoded[column] = json.loads(text)
            except ValueError:
                raise ValueProblem(f"{column} is not JSON") from None
    return decoded


def _is_one_of(value: object, texts: tuple[str, ...]) -> bool:
    told = "" if value is None else str(value).strip()
    return told in texts or ("*" in texts and told != "")


def _event(told: Any, where: str, file: str) -> EventMap:
    if not isinstance(told, dict):
        raise ConfigError(file, where, "is no table", "Write [[event]] before it")
    _known(told, EVENT_KEYS, f"{where}.", file)
    for key in ("name", "id", "user", "time"):
        if not isinstance(told.get(key), str):
            raise ConfigError(file, f"{where}.{key}", "is missing", 'Write a text in quotes, such as "{Created at}"')
    when = {
        column: (value,) if isinstance(value, str) else tuple(value) for column, value in told.get("when", {}).items()
    }
    said = told.get("traits" if told["name"] == IDENTIFY else "properties", {})
    try:
        return EventMap(
            told["name"],
            when,
            value_of(told["id"]),
            value_of(told["user"]),
            value_of(told["time"]),
            _values(said),
            _values(told["products"]) if "products" in told else None,
            told.get("products_from"),
        )
    except ValueProblem as problem:
        raise ConfigError(file, where, str(problem), "See docs/rehearsal.md") from None


def _values(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _values(value) if isinstance(value, dict) else value_of(value) if isinstance(value, str) else value
        for name, value in said.items()
    }


def _known(told: Mapping[str, Any], keys: frozenset[str], prefix: str, file: str) -> None:
    for key in told:
        if key not in keys:
            raise ConfigError(file, f"{prefix}{key}", "is not a known key", f"Known are {', '.join(sorted(keys))}")
