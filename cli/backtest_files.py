"""Writes what a backtest decided: every decision as Parquet and as JSON, the summary, the refused lines, the page."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, Self

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from connectors.history import Bad
from udfs.outputs import Decision

ROWS_AT_ONCE = 20_000

_TYPES: Mapping[Any, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    dict[str, str]: pa.map_(pa.string(), pa.string()),
}


def schema() -> pa.Schema:
    """The fields of the `decisions` topic as columns, in their order."""
    return pa.schema([_column(name, kind) for name, kind in typing.get_type_hints(Decision).items()])


class Writer:
    """Takes decisions one by one; None as `folder` writes nothing. The same decisions give the same bytes."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._waiting: list[Decision] = []
        self._lines: IO[bytes] | None = None
        self._table: Any = None

    def __enter__(self) -> Self:
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lines = (self.folder / "decisions.jsonl").open("wb")
            self._table = pq.ParquetWriter(self.folder / "decisions.parquet", schema(), compression="zstd")
        return self

    def __exit__(self, *_: object) -> None:
        if self._lines is not None:
            self._flush()
            self._lines.close()
            self._table.close()

    def add(self, told: Decision) -> None:
        if self._lines is None:
            return
        self._lines.write(msgspec.json.encode(told) + b"\n")
        self._waiting.append(told)
        if len(self._waiting) == ROWS_AT_ONCE:
            self._flush()

    def finish(self, summary: Mapping[str, Any], bad: Iterable[Bad], page: str) -> None:
        """The files beside the decisions."""
        assert self.folder is not None
        (self.folder / "summary.json").write_bytes(msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
        refused = b"".join(msgspec.json.encode(line._asdict()) + b"\n" for line in bad)
        (self.folder / "refused.jsonl").write_bytes(refused)
        (self.folder / "report.html").write_text(page, encoding="utf-8")

    def _flush(self) -> None:
        columns = [
            pa.array([_cell(getattr(told, field.name)) for told in self._waiting], field.type) for field in schema()
        ]
        self._table.write_table(pa.Table.from_arrays(columns, schema=schema()))
        self._waiting.clear()


def _cell(value: Any) -> Any:
    return list(value.items()) if isinstance(value, dict) else value


def _column(name: str, kind: Any) -> pa.Field:
    """`str | None` may be null, nothing else may."""
    nullable = isinstance(kind, types.UnionType)
    plain = next(part for part in typing.get_args(kind) if part is not types.NoneType) if nullable else kind
    return pa.field(name, _TYPES[plain], nullable)
