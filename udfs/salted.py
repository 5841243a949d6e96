"""Sticky chance: the same person falls on the same side every time, and nobody can guess on which without the salt."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

_ALL = 1 << 64


def share(salt: str, *parts: str) -> int:
    """A number from 0 to 2^64 - 1 that depends on nothing but the salt and the parts, spread evenly."""
    return int.from_bytes(blake2b(msgspec.json.encode((salt, *parts)), digest_size=8).digest())


def below(ceiling: int, salt: str, *parts: str) -> int:
    """A number from 0 to `ceiling` - 1, each as likely as the others."""
    return share(salt, *parts) * ceiling // _ALL


def pick(weights: tuple[int, ...], salt: str, *parts: str) -> int:
    """An index of `weights`, each as often as its weight says."""
    left = below(sum(weights), salt, *parts)
    for index, weight in enumerate(weights):
        left -= weight
        if left < 0:
            return index
    raise AssertionError("a number below the sum lies in one of the parts")
