"""Each server gets its usual port, or the next one that nobody listens on."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
USUAL = {
    "kafka": 9092,
    "kafka_controller": 9093,
    "valkey": 6379,
    "flink": 8081,
    "flink_rpc": 6123,
    "metrics": 9250,
    "brakes": 9251,
    "render": 8090,
    "smtp": 2525,
}


def is_free(port: int) -> bool:
    """Whether a server of ours could listen on this port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def choose(wanted: Mapping[str, int]) -> dict[str, int]:
    """Return a free port for every name: the wanted one, else the next above it; no port twice."""
    chosen: dict[str, int] = {}
    for name, port in wanted.items():
        chosen[name] = next(p for p in range(port, 65_536) if p not in chosen.values() and is_free(p))
    return chosen


@contextmanager
def reserved(waiting: Callable[[], None]) -> Iterator[None]:
    """Hold other stacks of this user off while ports are chosen and not yet listened on."""
    with (Path(tempfile.gettempdir()) / f"tidemark-ports-{os.getuid()}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
