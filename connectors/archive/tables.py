"""The archive's tables: what is kept of each topic, as columns of Parquet, in the order of the persons' hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from udfs.events import ERASURE
from udfs.time import Millis

ROWS_A_GROUP = 4_096  # what is read for one person
OF_EVERY_ROW = (("person", pa.uint64()), ("offset", pa.int64()), ("user_id", pa.string()), ("at", pa.int64()))
ORDER = [("person", "ascending"), ("at", "ascending"), ("offset", "ascending")]

# Of decisions and sends everything; of events just what tells a click or an order, and nothing else of the person.
KEPT: Mapping[str, tuple[str, ...] | None] = {
    "decisions": None,
    "sends": None,
    "purchase": ("event",),
    "email-events": ("event", "campaign", "step", "trigger_id"),
    "profile-changes": ("event",),
}


class Row(NamedTuple):
    """A record that is kept; `at` is its event time (ms), `said` its fields by name."""

    user: str
    at: Millis
    offset: int
    said: Mapping[str, Any]


def person(user: str) -> int:
    """The hash by which a table is ordered; it is the same for ever."""
    return int.from_bytes(blake2b(user.encode(), digest_size=8).digest(), "big")


@cache
def columns(topic: str) -> pa.Schema:
    """The columns of a topic's table, made from its newest Avro schema; maps and lists are JSON."""
    from connectors.wire import newest

    kept = KEPT[topic]
    avro: Any = newest()[topic].schema
    own = [
        (field["name"], _kind(field["type"]))
        for field in avro["fields"]
        if (kept is None or field["name"] in kept) and field["name"] not in dict(OF_EVERY_ROW)
    ]
    return pa.schema([*OF_EVERY_ROW, *own])


def table(topic: str, rows: Sequence[Row]) -> pa.Table:
    """Rows as columns, in the table's order; of an erasure only the hash says who it was."""
    schema = columns(topic)
    made = {
        "person": [person(row.user) for row in rows],
        "offset": [row.offset for row in rows],
        "user_id": ["" if row.said.get("event") == ERASURE else row.user for row in rows],
        "at": [row.at for row in rows],
    }
    for name in schema.names[len(OF_EVERY_ROW) :]:
        made[name] = [_plain(row.said.get(name)) for row in rows]
    return pa.table(made, schema=schema).sort_by(ORDER)


def writer(topic: str, path: Path) -> pq.ParquetWriter:
    """Writes such tables; statistics stand where they are asked for, and ids are not worth a dictionary."""
    schema = columns(topic)
    texts = [field.name for field in schema if field.type == pa.string()]
    return pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        use_dictionary=[name for name in texts if not name.endswith("_id") and name not in ("facts", "follows")],
        write_statistics=["person", "at"],
    )


def write(topic: str, path: Path, rows: Sequence[Row]) -> None:
    with writer(topic, path) as file:
        append(file, table(topic, rows))


def append(file: pq.ParquetWriter, rows: pa.Table) -> None:
    """Row groups of `rows`; a group without rows would have no statistics, so none is written."""
    if len(rows):
        file.write_table(rows, ROWS_A_GROUP)


def _kind(avro: Any) -> pa.DataType:
    kinds = [one for one in avro if one != "null"] if isinstance(avro, list) else [avro]
    if len(kinds) == 1 and kinds[0] in ("int", "long"):
        return pa.int64()
    return pa.string()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    from msgspec import json

    return json.encode(value, order="deterministic").decode()
