"""The right rows of the shared job, by sorting everything at once, and whether an engine's rows are these.

Of the events without their doubles: for each person the sum of weights (click 1, cart 5, purchase 10) in every window
of five minutes that slides by one and holds an event; and sessions that end with a gap of more than ten minutes, each
with its first and last event, their number, and whether there was a cart and a purchase among them.

An engine writes its rows to PREFIX*.win (user,start,sum) and PREFIX*.ses (user,first,last,events,cart,purchase), times
in ms, flags as 0 and 1, in any order.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import polars as pl

from benchmarks.stream_input import frame

SLIDE, WINDOW, GAP = 60_000, 300_000, 600_000
WEIGHTS = {"click": 1, "cart": 5, "purchase": 10}
WINDOW_ROW = {"user": pl.String, "start": pl.Int64, "sum": pl.Int64}
SESSION_ROW = {
    "user": pl.String, "first": pl.Int64, "last": pl.Int64, "events": pl.Int64, "cart": pl.Int64, "purchase": pl.Int64,
}  # fmt: skip


class Rows(NamedTuple):
    """Window rows and session rows, sorted."""

    windows: pl.DataFrame
    sessions: pl.DataFrame


def right_rows(events: pl.DataFrame) -> Rows:
    """The answer for these records of the input."""
    once = events.unique("event_id", keep="first").select(
        user="user_id", at="ts", kind="event_type", weight=pl.col("event_type").replace_strict(WEIGHTS)
    )
    return Rows(_sorted(_windows(once)), _sorted(_sessions(once)))


def differences(prefix: str, events: int, folder: Path) -> str:
    """Empty if the rows under `prefix` are right for so many events, else how many are missing and too many."""
    right, got = _cached(events, folder), Rows(_read(prefix, "win", WINDOW_ROW), _read(prefix, "ses", SESSION_ROW))
    wrong = [
        f"{name}: {len(one):,} rows instead of {len(other):,}, {_missing(other, one):,} missing"
        for name, one, other in zip(Rows._fields, got, right, strict=True)
        if not one.equals(other)
    ]
    return "; ".join(wrong)


def _windows(once: pl.DataFrame) -> pl.DataFrame:
    slide = once.with_columns(start=pl.col("at") - pl.col("at") % SLIDE).group_by("user", "start").agg(sum="weight")
    slide = slide.with_columns(pl.col("sum").list.sum())
    shifted = [slide.with_columns(pl.col("start") - back) for back in range(0, WINDOW, SLIDE)]
    return pl.concat(shifted).group_by("user", "start").agg(pl.col("sum").sum())


def _sessions(once: pl.DataFrame) -> pl.DataFrame:
    ordered = once.sort("user", "at")
    opens = (pl.col("user") != pl.col("user").shift()) | (pl.col("at") - pl.col("at").shift() > GAP)
    return (
        ordered.with_columns(session=opens.fill_null(True).cum_sum())
        .group_by("user", "session")
        .agg(
            first=pl.col("at").min(),
            last=pl.col("at").max(),
            events=pl.len().cast(pl.Int64),
            cart=(pl.col("kind") == "cart").any().cast(pl.Int64),
            purchase=(pl.col("kind") == "purchase").any().cast(pl.Int64),
        )
        .drop("session")
    )


def _sorted(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.sort(rows.columns)


def _cached(events: int, folder: Path) -> Rows:
    paths = [folder / f"oracle-{events}.{name}.parquet" for name in Rows._fields]
    if not all(path.is_file() for path in paths):
        folder.mkdir(parents=True, exist_ok=True)
        for rows, path in zip(right_rows(frame(events)), paths, strict=True):
            rows.write_parquet(path)
    return Rows(*(pl.read_parquet(path) for path in paths))


def _read(prefix: str, kind: str, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    folder = Path(prefix).parent
    files = [path for path in folder.glob(f"{Path(prefix).name}*.{kind}") if path.stat().st_size]
    read = [pl.read_csv(path, has_header=False, schema=schema) for path in files]
    return _sorted(pl.concat(read) if read else pl.DataFrame(schema=schema))


def _missing(right: pl.DataFrame, got: pl.DataFrame) -> int:
    return right.join(got, on=right.columns, how="anti").height
