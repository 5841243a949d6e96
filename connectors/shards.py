"""The shard of a person, the same in Python as Flink SQL's floor-mod of HASH_CODE over the id."""

from __future__ import annotations

import struct

_WRAP = 1 << 32
_SIGN = 1 << 31


def java_hash(text: str) -> int:
    """Java's String.hashCode: over UTF-16 code units, wrapped to 32 bits, signed."""
    units = text.encode("utf-16-le", "surrogatepass")
    code = 0
    for unit in struct.unpack(f"<{len(units) // 2}H", units):
        code = (31 * code + unit) % _WRAP
    return code - _WRAP if code >= _SIGN else code


def flink_hash(text: str) -> int:
    """Flink SQL's HASH_CODE: the absolute value, which the smallest int does not have and so stays negative."""
    code = java_hash(text)
    return code if code == -_SIGN else abs(code)


def shard_of(user: str, shards: int) -> int:
    """The shard, 0 up to `shards` - 1, by floor-mod."""
    return flink_hash(user) % shards
