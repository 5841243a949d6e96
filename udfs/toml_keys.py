"""A TOML file is read against a table of the keys it may have; everything else is an error with its line and a hint."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from udfs.config_error import ConfigError, line_of
from udfs.time import Millis, parse_length

REQUIRED = object()


@dataclass(frozen=True, slots=True)
class Key:
    """`read` turns the TOML value into ours or raises ValueError; `default` is written as in the file, or REQUIRED."""

    read: Callable[[Any], Any]
    default: Any = REQUIRED


@dataclass(frozen=True, slots=True)
class Keys:
    """The values found, by dotted key; in an array of tables, allowed as `steps[].after`, each has its number:
    `steps.2.after`. `tables` says how many there are of each."""

    file: str
    text: str
    allowed: Mapping[str, Key]
    found: Mapping[str, Any]
    tables: Mapping[str, int]

    def __getitem__(self, key: str) -> Any:
        """The value of `key`, its default, or an error if it must be there."""
        if key in self.found:
            return self.found[key]
        default = self.allowed[_plain(key)].default
        if default is REQUIRED:
            raise ConfigError(self.file, key, "is missing", "Every such file needs it; see docs/campaigns.md")
        return default if default is None else self.allowed[_plain(key)].read(default)

    def error(self, key: str, problem: str, hint: str) -> ConfigError:
        return ConfigError(self.file, key, problem, hint, line_of(self.text, key))


@dataclass(frozen=True, slots=True)
class _Tables:
    count: int


def read_keys(content: bytes, file: str, allowed: Mapping[str, Key]) -> Keys:
    """Parse and check a file; `file` is only named in errors."""
    text = _text(content, file)
    found, tables = {}, {}
    for key, value in _flat(_toml(text, file), ""):
        if isinstance(value, _Tables):
            tables[key] = value.count
            continue
        if _plain(key) not in allowed:
            raise ConfigError(file, key, "is not a known key", _nearest(key, allowed), line_of(text, key))
        try:
            found[key] = allowed[_plain(key)].read(value)
        except ValueError as problem:
            raise ConfigError(file, key, str(problem), "See docs/campaigns.md", line_of(text, key)) from None
    return Keys(file, text, allowed, found, tables)


def length(value: Any) -> Millis:
    if not isinstance(value, str):
        raise ValueError(f'{value!r} is not a length of time: write it in quotes with its unit, such as "10min"')
    return parse_length(value)


def longer_than_nothing(value: Any) -> Millis:
    if (found := length(value)) == 0:
        raise ValueError(f"{value!r} is no length of time: it must be longer than nothing")
    return found


def instant(value: Any) -> Millis:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{str(value)!r} is not an instant: write it without quotes, such as 2026-12-01T08:00:00Z")
    return int(value.timestamp() * 1000)


def yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def word(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", value):
        raise ValueError(f"{value!r} is not a name: use letters, digits, _ and -, beginning with a letter")
    return value


def text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not a text: write it in quotes")
    return value


@dataclass(frozen=True, slots=True)
class Whole:
    """Reads whole numbers; `most` None is as large as a number may be."""

    least: int
    most: int | None = None

    def __call__(self, value: Any) -> int:
        most = 2**63 - 1 if self.most is None else self.most
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= most:
            bounds = f"of at least {self.least}" if self.most is None else f"from {self.least} to {most}"
            raise ValueError(f"{value!r} is not a whole number {bounds}")
        return value


@dataclass(frozen=True, slots=True)
class OneOf:
    """Reads one of a few words."""

    words: tuple[str, ...]

    def __call__(self, value: Any) -> str:
        if value not in self.words:
            raise ValueError(f"{value!r} is not one of {', '.join(self.words)}")
        return str(value)


def whole(least: int, most: int | None = None) -> Whole:
    return Whole(least, most)


def one_of(*words: str) -> OneOf:
    return OneOf(words)


def _text(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise ConfigError(file, "", f"is not UTF-8 at byte {problem.start}", "Save the file as UTF-8") from None


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        line = re.search(r"line (\d+)", str(problem))
        hint = "Text and lengths of time are written in quotes"
        raise ConfigError(file, "", f"is not TOML: {problem}", hint, int(line[1]) if line else None) from None


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and all(isinstance(entry, dict) for entry in value):
            yield f"{prefix}{name}", _Tables(len(value))
            for number, entry in enumerate(value, 1):
                yield from _flat(entry, f"{prefix}{name}.{number}.")
        else:
            yield f"{prefix}{name}", value


def _plain(key: str) -> str:
    return re.sub(r"\.\d+\.", "[].", key)


def _nearest(key: str, allowed: Mapping[str, Key]) -> str:
    if near := difflib.get_close_matches(_plain(key), allowed, 1):
        table = near[0].partition("[]")[0] if "[]" in near[0] else ""
        return f"Did you mean {near[0]}?" + (f" Such tables are written [[{table}]]" if table else "")
    return f"Known are {', '.join(allowed)}"
