"""The form in which records of one shard and tick cross the border: chunks of bytes that TickChunks.java packs.

    count, 4 bytes │ coordinates, times, effective times: 8 each │ lengths of keys, of values: 4 each │ keys │ values

All little-endian. A length of -1 is a key or value that is null. A tick is one chunk, or several where a checkpoint
fell into it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import accumulate, chain, pairwise

from connectors.raw_tick import RawTick


def unpack(chunks: Iterable[bytes]) -> RawTick:
    """The records of all chunks of a tick."""
    ticks = [_of_one(chunk) for chunk in chunks]
    if len(ticks) == 1:
        return ticks[0]
    return RawTick(*(list(chain.from_iterable(parts)) for parts in zip(*ticks, strict=True)))


def _of_one(chunk: bytes) -> RawTick:
    # Plain lists: numpy takes five times as long for a handful of records, and saves a fifth where there are thousands.
    (count,) = struct.unpack_from("<i", chunk)
    numbers = struct.unpack_from(f"<{3 * count}q{2 * count}i", chunk, 4)
    coordinates, times, effective = (list(numbers[place * count : (place + 1) * count]) for place in range(3))
    lengths = numbers[3 * count :]
    some_are_null = -1 in lengths
    sizes = (max(length, 0) for length in lengths) if some_are_null else lengths
    ends = accumulate(sizes, initial=4 + 32 * count)
    pieces: list[bytes | None] = [chunk[start:end] for start, end in pairwise(ends)]
    if some_are_null:
        pieces = [None if length < 0 else piece for length, piece in zip(lengths, pieces, strict=True)]
    return RawTick(pieces[:count], pieces[count:], coordinates, times, effective)


def pack(tick: RawTick) -> bytes:
    """The chunk of these records, for tests and for what runs the operator without Flink."""
    count = len(tick.coordinates)
    lengths = [-1 if piece is None else len(piece) for piece in (*tick.keys, *tick.values)]
    head = struct.pack(f"<i{3 * count}q{2 * count}i", count, *tick.coordinates, *tick.times, *tick.effective, *lengths)
    return b"".join((head, *filter(None, tick.keys), *filter(None, tick.values)))
