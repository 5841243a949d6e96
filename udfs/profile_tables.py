"""One TOML table of the profile configuration, read key by key; what is wrong is told with file, line, key and hint."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from udfs.config_error import ConfigError, line_of
from udfs.segment_words import did_you_mean
from udfs.time import Millis, parse_length

_SEGMENT_NAME = re.compile(r"[a-z][a-z0-9_]*(<category>)?")


@dataclass(frozen=True)
class Table:
    """The keys of `file`, or of its table `key`."""

    file: str
    source: str
    key: str
    said: Mapping[str, Any]

    def tables(self) -> Iterator[Table]:
        """The tables inside, each under its own key."""
        for key, said in self.said.items():
            if not isinstance(said, dict):
                raise self.wrong(key, "a value outside of a table", f"Put it below a heading such as [{key}].")
            yield Table(self.file, self.source, key, said)

    def wrong(self, key: str, problem: str, hint: str) -> ConfigError:
        """The error to raise about one key."""
        dotted = f"{self.key}.{key}" if self.key and key else key or self.key
        return ConfigError(f"config/{self.file}", dotted, problem, hint, line_of(self.source, dotted))

    def misread(self, key: str, text: str, problem: str, column: int, hint: str) -> ConfigError:
        """The error about a place inside a text, with an arrow at the column."""
        arrow = f"\n    {text}\n    {'^':>{column}}"
        return self.wrong(key, f"{problem}, at column {column}", hint + arrow)

    def allow(self, *keys: str) -> None:
        """Nothing but these keys may be said."""
        for key in self.said:
            if key not in keys:
                raise self.wrong(key, f"an unknown key {key!r}", did_you_mean(key, list(keys)))

    def has(self, key: str) -> bool:
        return key in self.said

    def text(self, key: str) -> str:
        said = self._needed(key)
        if not isinstance(said, str):
            raise self.wrong(key, f"{said!r} is not a text", "Put it in quotes.")
        return said

    def segment_name(self, key: str) -> str:
        """Lower case, digits and underscores, perhaps `<category>` at the end."""
        name = self.text(key)
        if not _SEGMENT_NAME.fullmatch(name):
            raise self.wrong(key, f"{name!r} is no name for a segment", "Write it like cart_open or likes_<category>.")
        return name

    def flag(self, key: str) -> bool:
        said = self.said.get(key, False)
        if not isinstance(said, bool):
            raise self.wrong(key, f"{said!r} is neither true nor false", "Write true or false, without quotes.")
        return said

    def length(self, key: str) -> Millis:
        return self._length(key, self.text(key))

    def weights(self, key: str) -> dict[str, int]:
        """Whole numbers by event name."""
        said = self._needed(key)
        if not isinstance(said, dict) or not all(type(weight) is int and weight >= 0 for weight in said.values()):
            raise self.wrong(key, "weights are whole numbers by event name", 'Write "Product Viewed" = 1.')
        return {name: weight for name, weight in said.items() if weight}

    def rising_lengths(self, key: str) -> tuple[Millis, ...]:
        """Four lengths, each longer than the one before."""
        said = [self._length(key, str(one)) for one in self._four(key)]
        return self._rising(key, said)

    def rising_numbers(self, key: str) -> tuple[int, ...]:
        """Four whole numbers, each higher than the one before."""
        said = self._four(key)
        if not all(type(one) is int for one in said):
            raise self.wrong(key, "thresholds are whole numbers", "Money is in minor units: 50000 is 500.00.")
        return self._rising(key, said)

    def _needed(self, key: str) -> Any:
        if key not in self.said:
            raise self.wrong(key, f"{key!r} is missing", f"Add a line {key} = ...")
        return self.said[key]

    def _length(self, key: str, text: str) -> Millis:
        try:
            length = parse_length(text)
        except ValueError as error:
            raise self.wrong(key, f"{text!r} is not a length of time", "Write it like 10min, 12h or 30d.") from error
        if not length:
            raise self.wrong(key, "a length of nothing", "Write at least 1s.")
        return length

    def _four(self, key: str) -> list[Any]:
        said = self._needed(key)
        if not isinstance(said, list) or len(said) != 4:
            raise self.wrong(key, "four thresholds part five grades", "Write four values in brackets.")
        return said

    def _rising(self, key: str, said: list[int]) -> tuple[int, ...]:
        if sorted(set(said)) != said:
            raise self.wrong(key, "the thresholds do not rise", "Put the lowest first, and none twice.")
        return tuple(said)


def tables(texts: Mapping[str, str], file: str) -> Table:
    """The whole of a file; ConfigError if it is missing or no TOML."""
    if file not in texts:
        raise ConfigError(f"config/{file}", "", "the file is missing", "Restore it, see docs/segments.md.")
    try:
        return Table(file, texts[file], "", tomllib.loads(texts[file]))
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else None
        raise ConfigError(f"config/{file}", "", f"no TOML: {error}", "Mend the line.", line) from error
