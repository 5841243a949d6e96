"""Read many records of one schema at once: glued into one Avro container in memory, which Polars turns into columns.

Behind each record stands a guard, a long that follows from its place. If a record is damaged so that its reader ends
too early or too late, the guards do not come out right; then halves are read until the culprits stand alone. So what
becomes of a record does not depend on its neighbours.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from polars.exceptions import PanicException

from connectors.avro_writer import writer
from connectors.wire import HEADER_BYTES, Version

BLOCK = 4096
_SYNC = bytes(16)
_GUARD = "~guard"
_FRAME = "~frame"


def _encoded(number: int) -> bytes:
    out = bytearray()
    writer("long")(out, number)
    return bytes(out)


_NUMBERS = np.array([(place * 0x9E3779B97F4A7C15 & (1 << 62) - 1) | 1 << 61 for place in range(BLOCK)], np.int64)
_GUARDS = [_encoded(number) for number in _NUMBERS.tolist()]


class Glue:
    """Reads `columns` of whole values, five bytes of framing and all, of one schema version."""

    def __init__(self, version: Version, columns: Sequence[str]) -> None:
        self._columns = [*columns, _GUARD]
        self._head = _container(version.schema)

    def read(self, values: Sequence[bytes]) -> tuple[pl.DataFrame, list[int]]:
        """The columns of the values that can be read, and the places of those that cannot."""
        frames: list[pl.DataFrame] = []
        refused: list[int] = []
        for start in range(0, len(values), BLOCK):
            self._read(values[start : start + BLOCK], start, frames, refused)
        return (frames[0] if len(frames) == 1 else pl.concat(frames) if frames else pl.DataFrame()), refused

    def _read(self, values: Sequence[bytes], start: int, frames: list[pl.DataFrame], refused: list[int]) -> None:
        frame = self._whole(values)
        if frame is not None:
            frames.append(frame)
        elif len(values) == 1:
            refused.append(start)
        else:
            half = len(values) // 2
            self._read(values[:half], start, frames, refused)
            self._read(values[half:], start + half, frames, refused)

    def _whole(self, values: Sequence[bytes]) -> pl.DataFrame | None:
        count = len(values)
        pieces: list[bytes] = [b""] * (2 * count)
        pieces[::2] = values
        pieces[1::2] = _GUARDS[:count]
        block = b"".join(pieces)
        container = b"".join((self._head, _encoded(count), _encoded(len(block)), block, _SYNC))
        try:
            frame = pl.read_avro(io.BytesIO(container), columns=self._columns)
        except (Exception, PanicException):  # damaged bytes surface as almost any exception, and as a panic
            return None
        if frame.height != count or not np.array_equal(frame[_GUARD].to_numpy(), _NUMBERS[:count]):
            return None
        return frame.drop(_GUARD)


def _container(schema: Any) -> bytes:
    """The head of a container whose records are a value of ours and its guard."""
    framing = {"name": _FRAME, "type": {"type": "fixed", "name": "Framing", "size": HEADER_BYTES}}
    fields = [framing, *_bare(schema)["fields"], {"name": _GUARD, "type": "long"}]
    text = json.dumps({"type": "record", "name": "Glued", "fields": fields}).encode()
    said = (b"avro.schema", text, b"avro.codec", b"null")
    return b"".join((b"Obj\x01", _encoded(2), *(_encoded(len(word)) + word for word in said), b"\0", _SYNC))


def _bare(schema: Any, named: dict[str, Any] | None = None) -> Any:
    """The same bytes in words that Polars reads: no defaults, names spelt out, an enum as its place."""
    named = {} if named is None else named
    if isinstance(schema, list):
        return [_bare(branch, named) for branch in schema]
    if isinstance(schema, str):
        return named.get(schema.rpartition(".")[2], schema)
    if schema["type"] == "enum":
        return "int"
    bare = {key: _bare(value, named) for key, value in schema.items() if key in ("type", "items", "values")}
    if "fields" in schema:
        bare["name"] = schema["name"]
        bare["fields"] = [{"name": field["name"], "type": _bare(field["type"], named)} for field in schema["fields"]]
        named[schema["name"].rpartition(".")[2]] = bare
    return bare
