"""Reads the archive: all of one person by a few row groups, or everything in slices of persons that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.archive.spans import spans
from connectors.archive.tables import ORDER, columns, person

HASHES = 1 << 64
ROWS_A_SLICE = 256 * 1024


def read_person(folder: Path, user: str, names: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """All rows of a person in a topic's folder, oldest first; the columns `names`, or those that the files have.

    A merge may take a file away while it is about to be read; then what took its place is read.
    """
    for _ in range(10):
        try:
            return _read_person(folder, user, names)
        except FileNotFoundError:
            continue
    raise FileNotFoundError(f"{folder} changes faster than it can be read")


def between(file: pq.ParquetFile, low: int, high: int, names: Sequence[str] | None = None) -> pa.Table:
    """The rows of a file whose person lies in [low, high]."""
    whole = file.metadata
    groups = []
    for number in range(whole.num_row_groups):
        said = whole.row_group(number).column(0).statistics
        if said.min <= high and said.max >= low:
            groups.append(number)
    found = file.read_row_groups(groups, names, use_threads=False)
    where = found.column("person")
    return found.filter(
        pc.and_(
            pc.greater_equal(where, pa.scalar(low, pa.uint64())), pc.less_equal(where, pa.scalar(high, pa.uint64()))
        )
    )


def bounds(rows: int) -> Iterator[tuple[int, int]]:
    """Divides all hashes into slices [low, high] of about ROWS_A_SLICE of `rows` rows each."""
    number = max(1, -(-rows // ROWS_A_SLICE))
    for slice_ in range(number):
        yield HASHES * slice_ // number, HASHES * (slice_ + 1) // number - 1


def opened(paths: Sequence[Path]) -> list[pq.ParquetFile]:
    return [pq.ParquetFile(path) for path in paths]


def together(topic: str, tables: Sequence[pa.Table]) -> pa.Table:
    """Rows of several files in the table's order, with the columns of today; what an older file lacks is null."""
    schema = columns(topic)
    told = [
        pa.table(
            {
                field.name: one.column(field.name) if field.name in one.column_names else pa.nulls(len(one), field.type)
                for field in schema
            },
            schema=schema,
        )
        for one in tables
    ]
    return pa.concat_tables(told).sort_by(ORDER) if told else schema.empty_table()


def _read_person(folder: Path, user: str, names: Sequence[str] | None) -> list[dict[str, Any]]:
    wanted = person(user)
    wide = None if names is None else ["person", "offset", "user_id", "at", *names]
    found: list[dict[str, Any]] = []
    for one in spans(folder):
        with pq.ParquetFile(one.path) as file:
            rows = between(file, wanted, wanted, wide).to_pylist()
        found += [row for row in rows if row["user_id"] == user]
    return sorted(found, key=lambda row: (row["at"], row["offset"]))
