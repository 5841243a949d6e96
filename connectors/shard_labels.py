"""The key that stands for a shard in Flink, chosen so that both of Flink's hashes spread the shards evenly.

Flink lays a key into one of 128 key groups by a hash, and gives each subtask a stretch of them. A tick crosses two such
exchanges with two hashes: SQL's, of the row that holds the key, and keyBy's. Small numbers fall together in both.
"""

from __future__ import annotations

from functools import cache

KEY_GROUPS = 128  # pipeline.max-parallelism: another number is another place for all state
_INT = 0xFFFFFFFF
_SIGN = 0x80000000
_SQL_SEED = 42
_SQL_LENGTH = 16  # bytes of SQL's row of one int: flags, then the int, in four words
_ROW_HASH = 62  # java.util's hash over Row(+I, n) is 62 + n


@cache
def labels(shards: int) -> tuple[int, ...]:
    """The label of each shard: that of shard n lies in the n-th of `shards` stretches of key groups in both hashes.

    So p subtasks hold the same number of shards each where p divides `shards`, and a shard's ticks are made on the
    subtask that decides them. The smallest labels that will do, which are the same for ever.
    """
    found: dict[int, int] = {}
    label = 0
    while len(found) < shards:
        stretch = sql_group(label) * shards // KEY_GROUPS
        if stretch not in found and key_by_group(label) * shards // KEY_GROUPS == stretch:
            found[stretch] = label
        label += 1
    return tuple(found[stretch] for stretch in range(shards))


def in_sql(number: str, known: tuple[int, ...], first: int = 0) -> str:
    """The label of shard `number`, by halving: four comparisons for 16 shards."""
    if len(known) == 1:
        return str(known[0])
    half = len(known) // 2
    lower, upper = in_sql(number, known[:half], first), in_sql(number, known[half:], first + half)
    return f"CASE WHEN {number} < {first + half} THEN {lower} ELSE {upper} END"


def sql_group(label: int) -> int:
    """Where SQL's exchange lays an INT column (Flink's BinaryRowData)."""
    mixed = _SQL_SEED
    for word in (0, 0, label, 0):
        mixed = _mix(mixed, word)
    return _group(_signed(_finish(mixed ^ _SQL_LENGTH)))


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
