"""Past hours of message ids: two sorted columns an hour, 12 bytes an id, behind a filter that knows new ids as new.

An id is a 64-bit hash. What an hour looks like in stored state: its hashes (8 bytes each), then for each the first
sight in ms after the hour's beginning (4 bytes each), all little-endian.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import combinations, islice
from typing import Any

import numpy as np
import numpy.typing as npt

from udfs.time import HOUR, Millis

Column = npt.NDArray[Any]

BYTES_AN_ID = 12

# A filter of 32-bit words: the upper bits of a hash name its word, the lower ten which four bits of it must be set.
# At two ids a word 1.5 % of new ids are taken for known and looked up, at one id 0.2 %.
_IDS_A_WORD = 2
MASKS = [sum(1 << bit for bit in bits) for bits in islice(combinations(range(32), 4), 0, None, 35)][:1024]
_MASK_COLUMN = np.array(MASKS, np.uint32)
_SMALLEST = 10


class SeenHours:
    """The hours that have passed, each as its sorted ids and their first sights."""

    def __init__(self) -> None:
        self._hours: dict[int, tuple[Column, Column]] = {}
        self._newest_first: list[tuple[Millis, memoryview, memoryview]] = []
        self._held = 0
        self._make_filter(_SMALLEST)

    def put(self, hour: int, ids: Column, offsets: Column) -> None:
        """Take in ids with their ms after the beginning of `hour`; an hour that is there already grows."""
        if hour in self._hours:
            held_ids, held_offsets = self._hours[hour]
            ids, offsets = np.concatenate((held_ids, ids)), np.concatenate((held_offsets, offsets))
        order = np.lexsort((offsets, ids))
        self._hours[hour] = ids[order], offsets[order]
        self._to_filter(self._hours[hour][0])
        self._arrange()

    def forget_before(self, hour: int) -> None:
        for gone in [held for held in self._hours if held < hour]:
            del self._hours[gone]
        self._arrange()

    def packed(self, hour: int) -> bytes:
        """An hour as it is stored, nothing if it holds no id."""
        return b"".join(column.tobytes() for column in self._hours.get(hour, ()))

    def filter(self) -> tuple[memoryview, int]:
        """Words and a shift, as they stand until the next `put`.

        If an id is in no hour, its mask `MASKS[id & 1023]` has a bit that `words[id >> shift]` lacks, but for few ids.
        """
        return self._filter.data, self._shift

    def may_hold_each(self, ids: Sequence[int]) -> list[bool]:
        """False for each id that is in no hour, and True for few others of those."""
        if not self._held:
            return [False] * len(ids)
        column = np.array(ids, np.uint64)
        masks = _MASK_COLUMN[column & np.uint64(1023)]
        held: list[bool] = (self._filter[column >> np.uint64(self._shift)] & masks == masks).tolist()
        return held

    def first_sight(self, key: int) -> Millis | None:
        """When the id was first seen (ms), the last of these times if it was new more than once; None if never."""
        for begin, ids, offsets in self._newest_first:
            at = bisect_right(ids, key) - 1
            if at >= 0 and ids[at] == key:
                return begin + int(offsets[at])
        return None

    def __len__(self) -> int:
        return sum(len(ids) for _, ids, _ in self._newest_first)

    def _arrange(self) -> None:
        self._newest_first = [
            (hour * HOUR, ids.data, offsets.data) for hour, (ids, offsets) in sorted(self._hours.items(), reverse=True)
        ]

    def _make_filter(self, bits: int) -> None:
        self._shift = 64 - bits
        self._filter: Column = np.zeros(1 << bits, np.uint32)
        self._held = 0

    def _to_filter(self, ids: Column) -> None:
        """Ids of forgotten hours stay in the filter until it is full, then it is made anew."""
        if self._held + len(ids) > _IDS_A_WORD << (64 - self._shift):
            alive = [held for held, _ in self._hours.values()]
            self._make_filter(max(_SMALLEST, sum(map(len, alive)).bit_length()))
            for held in alive:
                self._set(held)
        else:
            self._set(ids)

    def _set(self, ids: Column) -> None:
        """Sorted ids fall into rising words, so each word is set once with all masks that fall into it."""
        if not len(ids):
            return
        words = ids >> np.uint64(self._shift)
        begins = np.flatnonzero(np.concatenate(([True], words[1:] != words[:-1])))
        self._filter[words[begins]] |= np.bitwise_or.reduceat(_MASK_COLUMN[ids & np.uint64(1023)], begins)
        self._held += len(ids)


def pack(hour: int, ids: Column, ats: Column) -> bytes:
    """A piece of an hour as it is stored."""
    told: bytes = ids.astype("<u8").tobytes() + (ats - hour * HOUR).astype("<u4").tobytes()
    return told


def unpack(packed: bytes) -> tuple[Column, Column]:
    """The ids and times of a piece."""
    count = len(packed) // BYTES_AN_ID
    return np.frombuffer(packed, "<u8", count), np.frombuffer(packed, "<u4", count, 8 * count)
