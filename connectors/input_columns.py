"""The records of a tick as columns, with the same verdict on every record as `input_events.read_event`.

Records go through the glued decoder and a handful of checks over whole columns. A record that one of them finds unusual
is looked at once more, alone, by `read_event`, which has the last word. So a check may be too strict, never too lax.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

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
from connectors.wire import HEADER_BYTES, newest
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
    coordinates = np.array(tick.coordinates, np.int64)
    order = np.argsort(coordinates)
    ends = np.searchsorted(coordinates[order] >> TOPIC_SHIFT, range(len(Kind)), "right").tolist()
    frames: list[pl.DataFrame] = []
    rest: list[int] = []
    for kind, begin, end in zip(Kind, [0, *ends], ends, strict=False):
        places = order[begin:end].tolist()
        if kind in _GLUED and len(places) >= SMALLEST:
            frame, others = _of_kind(kind, tick, places)
            frames.append(frame)
            rest += others
        else:
            rest += places
    return (pl.concat(frames).sort("at", maintain_order=True) if frames else _NOTHING), rest


def _of_kind(kind: Kind, tick: RawTick, places: list[int]) -> tuple[pl.DataFrame, list[int]]:
    rest: list[int] = []
    values = [tick.values[place] for place in places]
    usual = _usual(_header(kind), values)
    if usual is not None:
        rest, places = _sort_out(places, [index for index, fine in enumerate(usual) if not fine])
        values = [tick.values[place] for place in places]
    frame, refused = _glue(kind).read(values)  # type: ignore[arg-type]
    if refused:
        others, places = _sort_out(places, refused)
        rest += others
    if not places:
        return _NOTHING, rest
    frame = _beside(kind, frame, tick, places)
    suspect = _suspects(kind, frame)
    if suspect is not None:
        rest += frame["place"].filter(suspect).to_list()
        frame = frame.filter(~suspect)
    return frame.select(_NOTHING.columns), rest


def _sort_out(places: list[int], indices: list[int]) -> tuple[list[int], list[int]]:
    """The places at these indices, and the others."""
    gone = set(indices)
    return [places[index] for index in indices], [place for index, place in enumerate(places) if index not in gone]


def _usual(header: bytes, values: Sequence[bytes | None]) -> list[bool] | None:
    """Which values are of the newest schema and of a plausible size; None says all, which is quickly seen."""
    try:
        if {value[:HEADER_BYTES] for value in values} == {header} and max(map(len, values)) <= MAX_VALUE_BYTES:  # type: ignore[index, arg-type]
            return None
    except TypeError:  # a value that is None erases
        pass
    return [value is not None and value.startswith(header) and len(value) <= MAX_VALUE_BYTES for value in values]


@cache
def _header(kind: Kind) -> bytes:
    return newest()[INPUTS[kind].subject].header


@cache
def _glue(kind: Kind) -> Glue:
    version = newest()[INPUTS[kind].subject]
    return Glue(version, [field["name"] for field in version.schema["fields"]])


@cache
def _call_types(kind: Kind) -> int:
    fields = newest()[INPUTS[kind].subject].schema["fields"]
    return next(len(field["type"]["symbols"]) for field in fields if field["name"] == "type")


def _beside(kind: Kind, frame: pl.DataFrame, tick: RawTick, places: Sequence[int]) -> pl.DataFrame:
    """The columns of the log beside those of the records."""
    known = pl.col("user_id").str.len_bytes() > 0
    return frame.with_columns(
        pl.Series("key", [tick.keys[place] for place in places], pl.Binary),
        pl.Series("time", np.array([tick.times[place] for place in places], np.int64)),
        pl.Series("at", np.array([tick.effective[place] for place in places], np.int64)),
        pl.Series("place", np.array(places, np.int64)),
        pl.lit(int(kind), pl.Int8).alias("kind"),
        pl.col("event").alias("name"),
        user=pl.when(known).then(pl.col("user_id")).otherwise(pl.col("anonymous_id")),
    )


def _suspects(kind: Kind, frame: pl.DataFrame) -> pl.Series | None:
    """Which rows are not certainly accepted; None if all are, as nearly always."""
    misplaced = [name for name in frame["event"].unique() if topic_for(name) != INPUTS[kind].name or not _fits(name)]
    checks = [*_checks(kind), pl.col("event").is_in(misplaced)] if misplaced else _checks(kind)
    doubted = frame.select(pl.any_horizontal(check.fill_null(True) for check in checks).any()).item()
    lists = "products" in frame.columns and not _plausible_lists(frame["products"])
    if not doubted and not lists:
        return None
    if lists:
        checks = [*checks, pl.col("products").is_not_null()]
    return frame.select(pl.any_horizontal(check.fill_null(True) for check in checks)).to_series()


def _fits(name: str) -> bool:
    return 0 < len(name) <= MAX_TEXT


@cache
def _checks(kind: Kind) -> list[pl.Expr]:
    """Each is true, or null, for a row to be doubted; a length is counted in bytes, which may be too strict."""
    key, identity, time = pl.col("key"), pl.col("message_id").str.len_bytes(), pl.col("time")
    checks = [
        pl.col("user").cast(pl.Binary) != key,
        (key.bin.size() == 0) | (key.bin.size() > MAX_TEXT),
        (identity == 0) | (identity > MAX_TEXT),
        pl.col("timestamp") != time,
        (time < EARLIEST) | (time >= LATEST),
        (pl.col("type") < 0) | (pl.col("type") >= _call_types(kind)),
    ]
    if kind is Kind.ORDER:
        checks.append(_outside(pl.col("total"), MAX_MINOR))
    else:
        product = pl.col("product")
        checks += [
            (product.struct.field("product_id").str.len_bytes() == 0).fill_null(False),
            _outside(product.struct.field("quantity"), MAX_QUANTITY),
            _outside(product.struct.field("price"), MAX_MINOR),
        ]
    return checks


def _outside(number: pl.Expr, most: int) -> pl.Expr:
    return ((number < 0) | (number > most)).fill_null(False)


def _plausible_lists(products: pl.Series) -> bool:
    """Whether every product in every list is as it should be, and no list too long."""
    lengths = products.list.len()
    if lengths.max() is None or lengths.max() == 0:
        return True
    if int(lengths.max()) > MAX_LINES:  # type: ignore[arg-type]
        return False
    line = pl.col("products").struct
    empty = (line.field("product_id").str.len_bytes() == 0).fill_null(False)
    wrong = empty | _outside(line.field("quantity"), MAX_QUANTITY) | _outside(line.field("price"), MAX_MINOR)
    return not products.explode().to_frame("products").select(wrong.any()).item()
