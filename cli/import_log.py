"""import: tables of another system as JSON lines in Segment's spec, by a small map."""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cli import exits

if TYPE_CHECKING:
    from udfs.import_map import ImportMap

SHOWN = 5


def register(app: typer.Typer) -> None:
    app.command("import")(bring_in)


def bring_in(
    files: list[Path] = typer.Argument(metavar="IN... OUT", help="CSV (.gz too) or Parquet; last the file to write."),
    mapping: Path = typer.Option(..., "--map", metavar="FILE", help="Which column says what: see config/imports."),
    as_json: bool = typer.Option(False, "--json", help="Print the counts as JSON."),
) -> None:
    """Turn CSV or Parquet into JSON lines for ingest and backtest; what makes no call is told and left out."""
    from udfs.import_map import read_map

    *sources, out = files
    if not sources:
        exits.fail("Name the tables to read and then the file to write: import --map FILE IN... OUT.", exits.USAGE)
    try:
        told = read_map(mapping.read_bytes(), str(mapping))
        lines: list[tuple[int, bytes]] = []
        names: Counter[str] = Counter()
        refused: list[str] = []
        for source in sources:
            _read(source, told, lines, names, refused)
        lines.sort(key=lambda line: line[0])
        out.write_bytes(b"".join(line + b"\n" for _, line in lines))
    except OSError as error:
        exits.fail(f"{error.filename}: {error.strerror}", exits.INPUT)
    _report(out, names, refused, as_json)


def _read(
    source: Path, mapping: ImportMap, lines: list[tuple[int, bytes]], names: Counter[str], refused: list[str]
) -> None:
    import msgspec

    from connectors.rejected import Rejected
    from connectors.segment_spec import parse
    from udfs.import_map import calls, grouped
    from udfs.import_values import ValueProblem

    rows = _rows(source, mapping)
    for group in grouped(enumerate(rows, 1), mapping.group):
        try:
            for call in calls([row for _, row in group], mapping):
                line = msgspec.json.encode(call)
                if isinstance(read := parse(line, None), Rejected):
                    raise ValueProblem(read.detail)
                lines.append((read.at, line))
                names[call.get("event", "identify")] += 1
        except ValueProblem as problem:
            refused.append(f"{source}: row {group[0][0]}: {problem}")


def _rows(source: Path, mapping: ImportMap) -> Iterator[Mapping[str, Any]]:
    """The rows of a table; ends with a sentence if it lacks a column that the map needs."""
    if source.suffix == ".parquet":
        yield from _of_parquet(source, mapping)
        return
    opened: Any = gzip.open if source.suffix == ".gz" else open
    try:
        with opened(source, "rt", encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text)
            _need(mapping, reader.fieldnames or (), source)
            yield from reader
    except (UnicodeDecodeError, EOFError, csv.Error) as problem:
        exits.fail(f"{source} is no CSV in UTF-8: {problem}", exits.INPUT)


def _of_parquet(source: Path, mapping: ImportMap) -> Iterator[Mapping[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(source)
    except pa.ArrowInvalid as problem:
        exits.fail(f"{source} is no Parquet file: {problem}", exits.INPUT)
    _need(mapping, table.schema_arrow.names, source)
    for batch in table.iter_batches():
        yield from batch.to_pylist()


def _need(mapping: ImportMap, there: Any, source: Path) -> None:
    if gone := sorted(mapping.columns - set(there)):
        exits.fail(f"{source} has no column {', '.join(gone)}; it has {', '.join(there)}.", exits.INPUT)


def _report(out: Path, names: Counter[str], refused: list[str], as_json: bool) -> None:
    for line in refused[:SHOWN]:
        typer.echo(line, err=True)
    if len(refused) > SHOWN:
        typer.echo(f"... and {len(refused) - SHOWN} more rows that make no call.", err=True)
    if as_json:
        typer.echo(json.dumps({"calls": dict(sorted(names.items())), "refused": len(refused)}))
        return
    for name, count in sorted(names.items()):
        typer.echo(f"{name:<24} {count:>10,}")
    typer.echo(f"{sum(names.values()):,} calls in {out}, by time; {len(refused):,} rows made none.", err=True)
