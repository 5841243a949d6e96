"""The key that stands for a shard in Flink, chosen so that Flink's hash spreads the shards evenly.

Flink lays a key into one of 128 key groups by a hash, and gives each subtask a stretch of them. Small numbers fall
together.
"""

from __future__ import annotations

from functools import cache

KEY_GROUPS = 128  # pipeline.max-parallelism: another number is another place for all state
_INT = 0xFFFFFFFF
_SIGN = 0x80000000
_ROW_HASH = 62  # java.util's hash over Row(+I, n) is 62 + n


@cache
def labels(shards: int) -> tuple[int, ...]:
    """The label of each shard: that of shard n lies in the n-th of `shards` stretches of key groups.

    So p subtasks hold the same number of shards each where p divides `shards`. The smallest labels that will do, which
    are the same for ever.
    """
    found: dict[int, int] = {}
    label = 0
    while len(found) < shards:
        found.setdefault(key_by_group(label) * shards // KEY_GROUPS, label)
        label += 1
    return tuple(found[stretch] for stretch in range(shards))


def key_by_group(label: int) -> int:
    """Where keyBy lays a Row of one int."""
    return _group(_ROW_HASH + label)


def _group(code: int) -> int:
    """KeyGroupRangeAssignment: murmur over the hash code, without its sign."""
    hashed = _signed(_finish(_mix(0, code & _INT) ^ 4))
    return abs(hashed) % KEY_GROUPS if hashed != -_SIGN else 0


def _mix(mixed: int, word: int) -> int:
    word = _rotated(word * 0xCC9E2D51 & _INT, 15) * 0x1B873593 & _INT
    return (_rotated(mixed ^ word, 13) * 5 + 0xE6546B64) & _INT


def _finish(mixed: int) -> int:
    mixed = (mixed ^ mixed >> 16) * 0x85EBCA6B & _INT
    mixed = (mixed ^ mixed >> 13) * 0xC2B2AE35 & _INT
    return mixed ^ mixed >> 16


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> 32 - by) & _INT


def _signed(word: int) -> int:
    return word - (1 << 32) if word & _SIGN else word
