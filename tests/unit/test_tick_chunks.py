"""Records cross the border packed, and come out as they went in."""

from __future__ import annotations

import re
from importlib.resources import files

from hypothesis import given
from hypothesis import strategies as st

from cli.code_archive import SUFFIXES
from connectors.coordinates import OFFSET_BITS, TOPIC_SHIFT
from connectors.raw_tick import RawTick
from connectors.tick_chunks import pack, unpack
from connectors.ticks_in_java import CHUNKS

NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
BYTES = st.none() | st.binary(max_size=20)
RECORDS = st.lists(st.tuples(BYTES, BYTES, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=8)


def tick_of(records: list[tuple[bytes | None, bytes | None, int, int, int]]) -> RawTick:
    return RawTick(*(list(column) for column in zip(*records, strict=True)))


@given(st.lists(RECORDS, min_size=1, max_size=4))
def test_a_tick_of_several_chunks_holds_what_was_packed(
    parts: list[list[tuple[bytes | None, bytes | None, int, int, int]]],
) -> None:
    """A checkpoint may cut a tick anywhere; null keys and values are not empty ones."""
    chunks = [pack(tick_of(records)) for records in parts]
    assert unpack(chunks) == tick_of([record for records in parts for record in records])


def test_the_packing_is_written_down() -> None:
    """The other side is Java text that no test here runs, so the bytes are spelt out."""
    chunk = pack(RawTick([b"ada", None], [b"", b"v"], [1, 2], [3, 4], [5, 6]))
    numbers = b"".join(number.to_bytes(8, "little") for number in (1, 2, 3, 4, 5, 6))
    lengths = b"\3\0\0\0\xff\xff\xff\xff\0\0\0\0\1\0\0\0"
    assert chunk == b"\2\0\0\0" + numbers + lengths + b"ada" + b"v"


def test_the_java_side_knows_the_same_coordinates_and_travels_with_the_code() -> None:
    """A partition is what stands above the offset; the text is read where the job is submitted."""
    file = files("connectors").joinpath(f"{CHUNKS}.java")
    bits = dict(re.findall(r"int (\w+) = (\d+);", file.read_text(encoding="utf-8")))
    assert (int(bits["OFFSET_BITS"]), int(bits["TOPIC_SHIFT"])) == (OFFSET_BITS, TOPIC_SHIFT)
    assert ".java" in SUFFIXES
