"""The committed rows of the shared job, unpacked into the two files that are compared with the oracle."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from benchmarks.shared.job import CART, PURCHASE
from udfs.columns.activity import SessionsEnded, WindowEnded

_decode = msgspec.msgpack.Decoder(WindowEnded | SessionsEnded).decode


def write(values: Iterable[bytes], prefix: str) -> tuple[int, int]:
    """PREFIX.win (user,start,sum) and PREFIX.ses (user,first,last,events,cart,purchase); how many rows of each."""
    windows = sessions = 0
    with Path(f"{prefix}.win").open("w") as win, Path(f"{prefix}.ses").open("w") as ses:
        for value in values:
            told = _decode(value)
            if isinstance(told, WindowEnded):
                windows += len(told.sums)
                win.writelines(f"{user},{told.start},{total}\n" for user, total in told.sums.items())
            else:
                sessions += len(told.sessions)
                ses.writelines(
                    f"{one.user},{one.first},{one.last},{one.events},"
                    f"{int(bool(one.marks & CART))},{int(bool(one.marks & PURCHASE))}\n"
                    for one in told.sessions
                )
    return windows, sessions
