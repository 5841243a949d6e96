"""The records of a tick as columns, with the same verdict on every record as `input_events.read_event`.

Records go through the glued decoder and a handful of checks over whole columns. A record that one of them finds unusual
is looked at once more, alone, by `read_event`, which has the last word. So a check may be too strict, never too lax.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import compress
from typing import Any, cast

import numpy as np
import polars as pl

from connectors.coordinates import TOPIC_SHIFT
from connectors.glued import Glue
from connectors.input_events import MAX_LINES, MAX_QUANTITY, MAX_TEXT, MAX_VALUE_BYTES
from connectors.money import MAX_MINOR
from connectors.raw_tick import RawTick
from connectors.segment_times import EARLIEST, LATEST
from connectors.topics import INPUTS
from connectors.vocabulary import topic_for
from connectors.wire import newest
from udfs.events import Kind

SMALLEST = 64  # fewer records of one kind are read faster one by one
_GLUED = frozenset({Kind.CLICK, Kind.CART, Kind.ORDER})  # the topics with many records
_NOTHING = pl.DataFrame(
    schema={
        "user": pl.String,
        "at": pl.Int64,
        "kind": pl.Int8,
        "time": pl.Int64,
        "name": pl.String,
        "message_id": pl.String,
    }
)


def read_columns(tick: RawTick) -> tuple[pl.DataFrame, list[int]]:
    """Columns user, at, kind, time, name, message_id of records that are events, and the places of the rest.

    Rows go by effective time (`at`), at one instant by kind. The rest, which may be all, is to be read by `read_event`.
    """
    log = _log(tick)
    ends = np.searchsorted(log["coordinate"].to_numpy() >> TOPIC_SHIFT, range(len(Kind)), "right").tolist()
    frames: list[pl.DataFrame] = []
    rest: list[int] = []
    for kind, begin, end in zip(Kind, [0, *ends], ends, strict=False):
        part = log[begin:end]
        if kind in _GLUED and part.height >= SMALLEST:
            frame, others = _of_kind(kind, tick.values, part)
            frames += [frame] if frame.height else []
            rest += others
        else:
            rest += part["place"].to_list()
    if not frames:
        return _NOTHING, rest
    frame = pl.concat(frames)
    doubted = frame.select(_DOUBT).to_series()
    if doubted.any():
        rest += frame["place"].filter(doubted).to_list()
        frame = frame.filter(~doubted)
    told = pl.DataFrame([frame[name] for name in _NOTHING.columns])
    return told[np.argsort(told["at"].to_numpy(), kind="stable")], rest


def _log(tick: RawTick) -> pl.DataFrame:
    """What the log says of each record, in the log's order; `place` is where it stands in the tick."""
    coordinates = pl.Series("coordinate", tick.coordinates, pl.Int64)
    order = np.argsort(coordinates.to_numpy())
    columns = (
        coordinates,
        pl.Series("key", tick.keys, pl.Binary),
        pl.Series("time", tick.times, pl.Int64),
        pl.Series("at", tick.effective, pl.Int64),
        pl.Series("place", range(len(order)), pl.Int64),
    )
    return pl.DataFrame(columns)[order]


def _of_kind(kind: Kind, values: Sequence[bytes | None], log: pl.DataFrame) -> tuple[pl.DataFrame, list[int]]:
    """What is to be known of the records of one kind, and the places of those that cannot be glued."""
    chosen: list[Any] = [values[place] for place in log["place"].to_list()]
    rest: list[int] = []
    if not _sizes_fit(chosen):
        fit = [value is not None and len(value) <= MAX_VALUE_BYTES for value in chosen]
        rest = log["place"].filter(~pl.Series(fit)).to_list()
        log = log.filter(pl.Series(fit))
        chosen = list(compress(chosen, fit))
    frame, refused = _glue(kind).read(chosen)
    if refused:
        rest += log["place"][refused].to_list()
        log = log[np.delete(np.arange(len(chosen)), refused)]
    return (_beside(kind, frame, log) if frame.height else frame), rest


def _sizes_fit(values: list[Any]) -> bool:
    try:
        return max(map(len, values)) <= MAX_VALUE_BYTES
    except TypeError:  # a value that is None erases
        return False


@cache
def _glue(kind: Kind) -> Glue:
    return Glue(newest()[INPUTS[kind].subject])


def _beside(kind: Kind, frame: pl.DataFrame, log: pl.DataFrame) -> pl.DataFrame:
    """The envelopes of records of one kind beside what the log says; `wrong` where they hold what cannot be."""
    user = frame["user_id"]
    if user.null_count() or (user == "").any():
        user = user.zip_with((user != "") & user.is_not_null(), frame["anonymous_id"])
    return pl.DataFrame(
        [
            user.alias("user"),
            frame["event"].alias("name"),
            *(frame[name] for name in ("message_id", "type", "timestamp")),
            *log.get_columns(),
            pl.Series("kind", [int(kind)], pl.Int8).new_from_index(0, frame.height),
            _wrong(kind, frame),
        ]
    )


def _wrong(kind: Kind, frame: pl.DataFrame) -> pl.Series:
    names = frame["event"].unique()
    misplaced = [name for name in names if topic_for(name) != INPUTS[kind].name or not 0 < len(name) <= MAX_TEXT]
    checks = [pl.col("event").is_in(misplaced)] if misplaced else []
    if "product" in frame.columns and not _plausible(frame["product"]):
        checks.append(_implausible(pl.col("product")))
    if "products" in frame.columns and not _plausible_lists(frame["products"]):
        lines = pl.col("products").list
        checks += [lines.len() > MAX_LINES, lines.eval(_implausible(pl.element())).list.any()]
    if "total" in frame.columns and not _within(frame["total"], MAX_MINOR):
        checks.append(_outside(pl.col("total"), MAX_MINOR))
    if not checks:
        return pl.Series("wrong", [False]).new_from_index(0, frame.height)
    return frame.select(pl.any_horizontal(check.fill_null(False) for check in checks).alias("wrong")).to_series()


def _plausible(lines: pl.Series) -> bool:
    """Whether a product is as it should be wherever there is one; seen at a glance, without a look at each."""
    fields = lines.struct.unnest()
    sizes = _within(fields["quantity"], MAX_QUANTITY) and _within(fields["price"], MAX_MINOR)
    return sizes and not (fields["product_id"] == "").any()


def _plausible_lists(products: pl.Series) -> bool:
    longest: Any = products.list.len().max()
    return not longest or (longest <= MAX_LINES and _plausible(products.explode()))


def _within(numbers: pl.Series, most: int) -> bool:
    least, largest = cast("int | None", numbers.min()), cast("int | None", numbers.max())
    return least is None or largest is None or (least >= 0 and largest <= most)


def _implausible(product: pl.Expr) -> pl.Expr:
    line = product.struct
    empty = (line.field("product_id") == "").fill_null(False)
    return empty | _outside(line.field("quantity"), MAX_QUANTITY) | _outside(line.field("price"), MAX_MINOR)


def _outside(number: pl.Expr, most: int) -> pl.Expr:
    return ((number < 0) | (number > most)).fill_null(False)


def _doubts() -> pl.Expr:
    """True for a row to be doubted, also where a check has no answer; lengths are in bytes, which may be too strict."""
    key, identity, time = pl.col("key"), pl.col("message_id").str.len_bytes(), pl.col("time")
    calls = [_call_types(kind) for kind in _GLUED]
    checks = [
        pl.col("wrong"),
        pl.col("user").cast(pl.Binary) != key,
        (key.bin.size() == 0) | (key.bin.size() > MAX_TEXT),
        (identity == 0) | (identity > MAX_TEXT),
        pl.col("timestamp") != time,
        (time < EARLIEST) | (time >= LATEST),
        (pl.col("type") < 0) | (pl.col("type") >= min(calls)),
    ]
    return pl.any_horizontal(check.fill_null(True) for check in checks)


def _call_types(kind: Kind) -> int:
    fields: Any = newest()[INPUTS[kind].subject].schema["fields"]
    return next(len(field["type"]["symbols"]) for field in fields if field["name"] == "type")


_DOUBT = _doubts()
