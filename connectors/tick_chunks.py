"""The form in which records of one shard and tick cross the border: chunks of bytes that TickChunks.java packs.

    count, 4 bytes │ coordinates, times, effective times: 8 each │ lengths of keys, of values: 4 each │ keys │ values

All little-endian. A length of -1 is a key or value that is null. A tick is one chunk of each
subtask that read some of it, or several where it was too large or the job was restored meanwhile.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import chain

import numpy as np

from connectors.raw_tick import RawTick


def unpack(chunks: Iterable[bytes]) -> RawTick:
    """The records of all chunks of a tick."""
    ticks = [_of_one(chunk) for chunk in chunks]
    if len(ticks) == 1:
        return ticks[0]
    return RawTick(*(list(chain.from_iterable(parts)) for parts in zip(*ticks, strict=True)))


def _of_one(chunk: bytes) -> RawTick:
    (count,) = struct.unpack_from("<i", chunk)
    coordinates, times, effective = np.frombuffer(chunk, "<i8", 3 * count, 4).reshape(3, count).tolist()
    key_lengths, value_lengths = np.frombuffer(chunk, "<i4", 2 * count, 4 + 24 * count).reshape(2, count)
    begin = 4 + 32 * count
    keys, begin = _pieces(chunk, begin, key_lengths)
    values, _ = _pieces(chunk, begin, value_lengths)
    return RawTick(keys, values, coordinates, times, effective)


def _pieces(chunk: bytes, begin: int, lengths: np.typing.NDArray[np.int32]) -> tuple[list[bytes | None], int]:
    """The byte strings of these lengths one after another, and where they end."""
    ends = (begin + np.cumsum(np.maximum(lengths, 0), dtype=np.int64)).tolist()
    pieces: list[bytes | None] = [chunk[start:end] for start, end in zip([begin, *ends], ends, strict=False)]
    for place in np.flatnonzero(lengths < 0).tolist():
        pieces[place] = None
    return pieces, ends[-1] if ends else begin


def pack(tick: RawTick) -> bytes:
    """The chunk of these records, for tests and for what runs the operator without Flink."""
    count = len(tick.coordinates)
    lengths = [-1 if piece is None else len(piece) for piece in (*tick.keys, *tick.values)]
    head = struct.pack(f"<i{3 * count}q{2 * count}i", count, *tick.coordinates, *tick.times, *tick.effective, *lengths)
    return b"".join((head, *filter(None, tick.keys), *filter(None, tick.values)))
