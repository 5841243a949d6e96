"""The files of the archive: each says in its name which offsets of which partition it holds, so none is kept twice.

<folder>/<topic on the broker>/<partition>-<first>-<next>.parquet        offsets first up to next - 1
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

SMALLEST = 64 * 1024  # bytes; all files below it count as one size
LARGEST = 256 * 1024 * 1024  # bytes; a file of this size is not merged any more
FAN = 4  # so many files of one size become one

_NAME = re.compile(r"(\d+)-(\d+)-(\d+)\.parquet")


class Span(NamedTuple):
    """A file and the offsets of its partition that it answers for; it may hold fewer records, even none."""

    path: Path
    partition: int
    first: int
    next: int


def span(folder: Path, partition: int, first: int, following: int) -> Span:
    """Where the records of [first, following) belong."""
    return Span(folder / f"{partition}-{first:012}-{following:012}.parquet", partition, first, following)


def spans(folder: Path) -> list[Span]:
    """The files that count, by partition and offset: one that lies within another was merged into it."""
    kept: list[Span] = []
    for one in sorted(_all(folder), key=lambda one: (one.partition, one.first, -one.next)):
        if not (kept and kept[-1].partition == one.partition and one.next <= kept[-1].next):
            kept.append(one)
    return kept


def reached(folder: Path) -> dict[int, int]:
    """The offset of each partition from which on nothing is archived yet."""
    return {one.partition: one.next for one in spans(folder)}


def publish(written: Path, target: Span) -> None:
    """Give a file that is written its name; from then on, and not before, its offsets are archived."""
    with written.open("rb") as file:
        os.fsync(file.fileno())
    written.replace(target.path)
    folder = os.open(target.path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sweep(folder: Path) -> None:
    """Remove what a merge, or a crash in the middle of one, has left behind."""
    kept = {one.path for one in spans(folder)}
    for one in _all(folder):
        if one.path not in kept:
            one.path.unlink(missing_ok=True)
    for part in folder.glob("*.part"):
        part.unlink(missing_ok=True)


def to_merge(folder: Path) -> list[list[Span]]:
    """Of each partition the newest files that should become one; a partition that is in order has none."""
    found = []
    for own in _by_partition(spans(folder)):
        number = newest_to_merge([one.path.stat().st_size for one in own])
        if number:
            found.append(own[-number:])
    return found


def newest_to_merge(sizes: Sequence[int]) -> int:
    """How many files at the end of `sizes` (bytes, oldest first) should become one; 0 if none.

    Afterwards fewer than FAN files of each size are left, a size being a power of FAN times SMALLEST.
    """
    size = SMALLEST
    while size <= LARGEST:
        run = 0
        while run < len(sizes) and sizes[-1 - run] < size:
            run += 1
        if run >= FAN:
            return run
        size *= FAN
    return 0


def _by_partition(files: Iterable[Span]) -> Iterator[list[Span]]:
    own: dict[int, list[Span]] = {}
    for one in files:
        own.setdefault(one.partition, []).append(one)
    yield from own.values()


def _all(folder: Path) -> Iterator[Span]:
    for path in folder.glob("*.parquet"):
        if found := _NAME.fullmatch(path.name):
            yield Span(path, *(int(part) for part in found.groups()))
