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
    """Reads whole values, five bytes of framing and all, of one schema version."""

    def __init__(self, version: Version) -> None:
        self._header = version.header
        self._framing = pl.Series([version.header], dtype=pl.Binary)
        self._head = _container(version.schema)

    def read(self, values: Sequence[bytes]) -> tuple[pl.DataFrame, list[int]]:
        """All fields of the values that can be read, and the places of those that cannot or are of another version."""
        frames: list[pl.DataFrame] = []
        refused: list[int] = []
        for start in range(0, len(values), BLOCK):
            block = values[start : start + BLOCK]
            frame = self._whole(block)
            if frame is not None:
                frames.append(frame)
                continue
            own = [place for place, value in enumerate(block, start) if value.startswith(self._header)]
            refused += sorted({*range(start, start + len(block))}.difference(own))
            self._search(values, own, frames, refused, bad=len(own) == len(block))
        return (frames[0] if len(frames) == 1 else pl.concat(frames) if frames else pl.DataFrame()), sorted(refused)

    def _search(
        self, values: Sequence[bytes], places: list[int], frames: list[pl.DataFrame], refused: list[int], bad: bool
    ) -> bool:
        """Read what can be read of some values, which are known to be `bad` or not known; whether all of them could."""
        frame = None if bad or not places else self._whole([values[place] for place in places])
        if frame is not None or not places:
            frames += [] if frame is None else [frame]
            return True
        if len(places) == 1:
            refused += places
            return False
        half = len(places) // 2
        fine = self._search(values, places[:half], frames, refused, bad=False)
        self._search(values, places[half:], frames, refused, bad=fine)
        return False

    def _whole(self, values: Sequence[bytes]) -> pl.DataFrame | None:
        count = len(values)
        pieces: list[bytes] = [b""] * (2 * count)
        pieces[::2] = values
        pieces[1::2] = _GUARDS[:count]
        block = b"".join(pieces)
        container = b"".join((self._head, _encoded(count), _encoded(len(block)), block, _SYNC))
        try:
            frame = pl.read_avro(io.BytesIO(container))
        except (Exception, PanicException):  # damaged bytes surface as almost any exception, and as a panic
            return None
        if frame.height != count or not np.array_equal(frame[_GUARD].to_numpy(), _NUMBERS[:count]):
            return None
        return frame if (frame[_FRAME] == self._framing).all() else None


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
