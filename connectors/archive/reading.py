"""Reads the archive: all of one person by a few row groups, or everything in slices of persons that fit in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.archive.spans import spans
from connectors.archive.tables import ORDER, columns, person
from udfs.time import Millis

HASHES = 1 << 64
ROWS_A_SLICE = 256 * 1024
ALWAYS = ("person", "offset", "at")


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
    """The rows of a file whose person lies in [low, high]; they stand together, for a file is in order.

    Without a scalar of pyarrow's or its to_numpy: either imports pandas, which takes longer than all the rest.
    """
    whole = file.metadata
    groups = []
    for number in range(whole.num_row_groups):
        said = whole.row_group(number).column(0).statistics
        if said.min <= high and said.max >= low:
            groups.append(number)
    found = file.read_row_groups(groups, names, use_threads=False)
    hashes = _hashes(found.column("person"))
    first, behind = hashes.searchsorted(low, "left"), hashes.searchsorted(high, "right")
    return found.slice(first, behind - first)


def _hashes(column: pa.ChunkedArray) -> np.ndarray[Any, np.dtype[np.uint64]]:
    parts = [
        np.frombuffer(chunk.buffers()[1], np.uint64, chunk.offset + len(chunk))[chunk.offset :]
        for chunk in column.chunks
        if len(chunk)
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.uint64)


def bounds(rows: int) -> Iterator[tuple[int, int]]:
    """Divides all hashes into slices [low, high] of about ROWS_A_SLICE of `rows` rows each."""
    number = max(1, -(-rows // ROWS_A_SLICE))
    for slice_ in range(number):
        yield HASHES * slice_ // number, HASHES * (slice_ + 1) // number - 1


def newest(folder: Path) -> Millis:
    """The latest instant of a topic's rows (ms), 0 if there are none."""
    found = 0
    for file in opened([one.path for one in spans(folder)]):
        at = file.schema_arrow.get_field_index("at")
        groups = (file.metadata.row_group(number) for number in range(file.metadata.num_row_groups))
        found = max([found, *(group.column(at).statistics.max for group in groups)])
        file.close()
    return found


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
            if not len(between(file, wanted, wanted, ["person"])):  # one column: most files know nothing of them
                continue
            rows = between(file, wanted, wanted, wide).to_pylist()
        found += [row for row in rows if row["user_id"] == user]
    return sorted(found, key=lambda row: (row["at"], row["offset"]))


def in_slices(folders: Mapping[str, Path], names: Mapping[str, Sequence[str]]) -> Iterator[dict[str, pa.Table]]:
    """The columns `names` of every table, all of a person in the same slice; as many slices as memory asks for."""
    sources = {topic: opened([one.path for one in spans(folder)]) for topic, folder in folders.items()}
    rows = max((sum(file.metadata.num_rows for file in files) for files in sources.values()), default=0)
    for low, high in bounds(rows):
        yield {
            topic: together(topic, [between(file, low, high, _there(file, names[topic])) for file in files]).select(
                [*ALWAYS, *names[topic]]
            )
            for topic, files in sources.items()
        }


def _there(file: pq.ParquetFile, names: Sequence[str]) -> list[str]:
    """Of these columns the ones that a file has; one from before a column was there lacks it."""
    return [name for name in (*ALWAYS, *names) if name in file.schema_arrow.names]
