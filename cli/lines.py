"""Lines of several files as one stream in the order of their times."""

from __future__ import annotations

import heapq
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from connectors.intake import Call
from connectors.rejected import Rejected
from udfs.time import Millis

STDIN = "-"


class Line(NamedTuple):
    """A line that is not blank; `place` is its time or, if it has none, the time of the line before it."""

    place: Millis
    file: str
    number: int
    text: bytes
    call: Call


def merged(files: list[str], read: Callable[[bytes], Call]) -> Iterator[Line]:
    """All lines; the order within a file is kept as it is. OSError if a file cannot be read."""
    streams = [_lines(file, read) for file in files]
    return streams[0] if len(streams) == 1 else heapq.merge(*streams, key=lambda line: line.place)


def size(files: list[str]) -> int | None:
    """Bytes in all files, None if one of them has no size to speak of. OSError if one cannot be read."""
    if STDIN in files:
        return None
    return sum(Path(file).stat().st_size for file in files)


def _lines(file: str, read: Callable[[bytes], Call]) -> Iterator[Line]:
    place = 0
    with sys.stdin.buffer if file == STDIN else Path(file).open("rb") as texts:
        for number, text in enumerate(texts, 1):
            text = text.strip()
            if not text:
                continue
            call = read(text)
            if not isinstance(call, Rejected):
                place = call.at
            yield Line(place, file, number, text, call)
