"""Reads files of history in parts, side by side, and sorts their events into shards of people."""

from __future__ import annotations

import gzip
import zlib
from array import array
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np

from connectors.history_marks import Times, effective_times, merged_order
from connectors.person_log import partition_of
from connectors.quick_calls import event_of
from connectors.rejected import Rejected
from connectors.topics import INPUTS
from udfs.events import Event
from udfs.time import Millis

PART_BYTES = 16 * 1024 * 1024
SHARDS = 64  # so many people fit into memory at once: one in 64
_PARTITIONS = max(topic.partitions for topic in INPUTS)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Event])


class Part(NamedTuple):
    """A stretch of a file that one process reads; it begins with the first line that begins in it."""

    file: str
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


class Bad(NamedTuple):
    """A line that is no event, with the reason that its dead letter would carry."""

    file: str
    line: int
    reason: str
    detail: str


class Read(NamedTuple):
    """What was found in a part: times, lanes and shards of its events in order, and where each shard's are kept."""

    part: Part
    lines: int
    at: array[int]
    lane: bytes
    shard: bytes
    bad: list[Bad]
    kept: Path
    places: dict[int, tuple[int, int]]


class Batch(NamedTuple):
    """The events of one shard in one part, with their effective times and their places in the order of all."""

    kept: Path
    offset: int
    length: int
    effective: Times
    position: Times


class History(NamedTuple):
    """All that was read; `batches` by shard. `first` and `last` are event times (ms), None if there is no event."""

    events: int
    lines: int
    bad: list[Bad]
    first: Millis | None
    last: Millis | None
    late: int
    batches: dict[int, list[Batch]]


def parts(files: Sequence[str], size: int = PART_BYTES) -> list[Part]:
    """Every file in parts of about `size` bytes; a compressed one is a part. OSError if one cannot be read."""
    found = []
    for file in files:
        with Path(file).open("rb"):
            end = Path(file).stat().st_size
        step = max(end, 1) if _is_packed(file) else size
        found += [Part(file, start, min(start + step, end)) for start in range(0, end, step)]
    return found


def read_part(part: Part, kept: Path) -> Read:
    """Read the lines of a part and write its events to the file `kept`, shard by shard."""
    at, lane, shard = array("q"), bytearray(), bytearray()
    bad: list[Bad] = []
    events: dict[int, list[Event]] = {}
    number = 0
    for number, line in enumerate(_lines(part), 1):
        if not (text := line.strip()):
            continue
        event = event_of(text)
        if isinstance(event, Rejected):
            bad.append(Bad(part.file, number, event.reason.value, event.detail))
            continue
        partition, owner = _home(event.user)
        at.append(event.at)
        lane.append(event.kind * _PARTITIONS + partition)
        shard.append(owner)
        events.setdefault(owner, []).append(event)
    return Read(part, number, at, bytes(lane), bytes(shard), bad, kept, _keep(events, kept))


def join(reads: Sequence[Read], bound: Millis) -> History:
    """The parts, in the order of `parts`, as one history with the effective times that Kafka would give."""
    bad: list[Bad] = []
    lines, file, before = 0, "", 0
    for read in reads:
        before = before if read.part.file == file else 0
        file = read.part.file
        bad += [one._replace(line=one.line + before) for one in read.bad]
        before += read.lines
        lines += read.lines
    at = [np.array(read.at, np.int64) for read in reads]
    everything = np.concatenate([*at, np.empty(0, np.int64)])
    if not len(everything):
        return History(0, lines, bad, None, None, 0, {})
    order = merged_order([everything[begin:end] for begin, end in _files(reads)])
    lane = np.frombuffer(b"".join(read.lane for read in reads), np.uint8)
    effective, position = np.empty_like(everything), np.empty_like(everything)
    effective[order] = effective_times(everything[order], lane[order], bound)
    position[order] = np.arange(len(order))
    late = int((effective != everything).sum())
    batches = _batches(reads, effective, position)
    return History(len(order), lines, bad, int(everything.min()), int(everything.max()), late, batches)


def events_of(batches: Sequence[Batch]) -> list[Event]:
    """The events of a shard, each at its effective time, in the order in which a job would read them."""
    found: list[tuple[int, Event]] = []
    for batch in batches:
        with batch.kept.open("rb") as kept:
            kept.seek(batch.offset)
            events = _decoder.decode(kept.read(batch.length))
        for event, effective, position in zip(events, batch.effective.tolist(), batch.position.tolist(), strict=True):
            late = effective != event.at
            found.append((position, msgspec.structs.replace(event, at=effective, late=True) if late else event))
    found.sort(key=lambda each: each[0])
    return [event for _, event in found]


def _is_packed(file: str) -> bool:
    return file.endswith(".gz")


def _lines(part: Part) -> Iterator[bytes]:
    if _is_packed(part.file):
        with gzip.open(part.file, "rb") as lines:
            yield from lines
        return
    with Path(part.file).open("rb") as lines:
        at = part.start
        if at:  # the line that reaches into this part belongs to the part before
            lines.seek(at - 1)
            at += len(lines.readline()) - 1
        while at < part.end and (line := lines.readline()):
            at += len(line)
            yield line


@lru_cache(maxsize=1 << 18)
def _home(user: str) -> tuple[int, int]:
    key = user.encode()
    return partition_of(key, _PARTITIONS), zlib.crc32(key) % SHARDS


def _keep(events: dict[int, list[Event]], kept: Path) -> dict[int, tuple[int, int]]:
    places, offset = {}, 0
    with kept.open("wb") as file:
        for shard, theirs in events.items():
            length = file.write(_encoder.encode(theirs))
            places[shard] = (offset, length)
            offset += length
    return places


def _files(reads: Sequence[Read]) -> Iterator[tuple[int, int]]:
    """Where the events of each file begin and end."""
    begin = end = 0
    for index, read in enumerate(reads):
        end += len(read.at)
        if index + 1 == len(reads) or reads[index + 1].part.file != read.part.file:
            yield begin, end
            begin = end


def _batches(reads: Sequence[Read], effective: Times, position: Times) -> dict[int, list[Batch]]:
    found: dict[int, list[Batch]] = {}
    begin = 0
    for read in reads:
        shard = np.frombuffer(read.shard, np.uint8)
        end = begin + len(shard)
        for owner, (offset, length) in read.places.items():
            mine = np.flatnonzero(shard == owner) + begin
            found.setdefault(owner, []).append(Batch(read.kept, offset, length, effective[mine], position[mine]))
        begin = end
    return found
