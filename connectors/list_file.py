"""A file of people: one id a line, or a column of a CSV, checked and each of them once."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from connectors.input_events import MAX_TEXT
from connectors.vocabulary import RESERVED

UTF8_WITH_MARK = "utf-8-sig"
_SEPARATORS = ",;\t"


class ListFileError(Exception):
    """The file is not such a list; the message says what to do."""


@dataclass(slots=True)
class People:
    """`ids` in the order of the file; `refused` are (line, what is wrong); `addresses` is how many look like mail."""

    ids: list[str] = field(default_factory=list)
    duplicates: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    addresses: int = 0


def read_people(lines: Iterable[str], column: str | None = None) -> People:
    """`lines` with their ends; `column` is the name in the first line of a CSV, None if every line is an id."""
    people, seen = People(), set[str]()
    for number, text in _of_column(lines, column) if column else _plain(lines):
        if not text:
            continue
        if text in seen:
            people.duplicates += 1
        elif problem := _wrong(text):
            people.refused.append((number, problem))
        else:
            seen.add(text)
            people.ids.append(text)
            people.addresses += "@" in text
    return people


def _plain(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        if number == 1 and any(separator in line for separator in _SEPARATORS):
            raise ListFileError("the first line looks like a table: say with --column which of its columns has the ids")
        yield number, line.strip()


def _of_column(lines: Iterable[str], column: str) -> Iterator[tuple[int, str]]:
    kept = iter(lines)
    head = next(kept, "")
    separator = max(_SEPARATORS, key=head.count)
    names = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
    if names.count(column) != 1:
        raise ListFileError(f"the first line has no column {column!r}: it has {', '.join(names) or 'nothing'}")
    index, reader = names.index(column), csv.reader(kept, delimiter=separator)
    for row in reader:
        yield reader.line_num + 1, row[index].strip() if len(row) > index else ""


def _wrong(text: str) -> str | None:
    if len(text.encode()) > MAX_TEXT:
        return f"longer than {MAX_TEXT} bytes"
    if text.startswith(RESERVED) or not text.isprintable():
        return f"{text[:20]!r} cannot be somebody's id"
    return None
