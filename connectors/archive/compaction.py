"""Merges files of the archive into larger ones, and rewrites those that hold somebody who is to be forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.archive.reading import between, bounds, opened, together
from connectors.archive.spans import Span, publish, span, spans, sweep, to_merge
from connectors.archive.tables import append, writer
from udfs.events import ERASURE
from udfs.time import DAY, Millis

Erasures = Mapping[int, Millis]  # by the person's hash: everything up to that instant is to be forgotten
SLACK: Millis = 30 * DAY  # so much later than its time a row may leave, or every day all files would be rewritten


def compact(folder: Path, topic: str, erasures: Erasures, since: Millis) -> int:
    """Merge until few files are left; how many merges it took. Rows before `since` (ms) or erased stay behind."""
    done = 0
    while due := to_merge(folder):
        for files in due:
            rewrite(files, topic, erasures, since)
            done += 1
        sweep(folder)
    return done


def purge(folder: Path, topic: str, erasures: Erasures, since: Millis) -> int:
    """Rewrite each file that holds an erased row, or one from long before `since`; how many there were."""
    touched = [one for one in spans(folder) if _holds_too_much(one.path, erasures, since)]
    for one in touched:
        rewrite([one], topic, erasures, since)
    return len(touched)


def rewrite(files: Sequence[Span], topic: str, erasures: Erasures, since: Millis) -> None:
    """One file in place of several that follow each other in one partition."""
    target = span(files[0].path.parent, files[0].partition, files[0].first, files[-1].next)
    part = target.path.with_suffix(".part")
    sources = opened([one.path for one in files])
    with writer(topic, part) as file:
        for low, high in bounds(sum(source.metadata.num_rows for source in sources)):
            rows = together(topic, [between(source, low, high) for source in sources])
            append(file, remaining(rows, erasures, since))
    for source in sources:
        source.close()
    publish(part, target)


def remaining(rows: pa.Table, erasures: Erasures, since: Millis) -> pa.Table:
    """Rows that may be kept; that somebody was erased is itself remembered, by the hash alone."""
    rows = rows.filter(pc.greater_equal(rows.column("at"), since))
    if not erasures:
        return rows
    found = pc.index_in(rows.column("person"), value_set=pa.array(list(erasures), pa.uint64()))
    erased_at = pa.array(list(erasures.values()), pa.int64()).take(found.combine_chunks())
    stays = pc.fill_null(pc.greater(rows.column("at"), erased_at), True)
    if "event" in rows.column_names:
        stays = pc.or_(stays, pc.fill_null(pc.equal(rows.column("event"), ERASURE), False))
    return rows.filter(stays)


def _holds_too_much(path: Path, erasures: Erasures, since: Millis) -> bool:
    with pq.ParquetFile(path) as file:
        whole = file.metadata
        at = file.schema_arrow.get_field_index("at")
        oldest = min((whole.row_group(n).column(at).statistics.min for n in range(whole.num_row_groups)), default=since)
        if oldest < since - SLACK:
            return True
        if not erasures:
            return False
        names = ["person", "at", *(["event"] if "event" in file.schema_arrow.names else [])]
        rows = file.read(names, use_threads=False)
    return len(remaining(rows, erasures, 0)) < len(rows)
