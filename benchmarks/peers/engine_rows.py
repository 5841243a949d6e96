"""What every peer's program shares: the input's lines, the rows it writes, the line that it ends with.

Standard library and orjson only, for it runs in each peer's own environment.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

WEIGHT = {"click": 1, "cart": 5, "purchase": 10}
SLIDE, WINDOW, GAP, DISORDER = 60_000, 300_000, 600_000, 60_000


def arguments() -> argparse.Namespace:
    """`lines` is the input, `events` how many of them, `rows` the prefix of the answer's files."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=Path, required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--mode", default="")
    return parser.parse_args()


def read(path: Path, events: int) -> Iterator[dict[str, Any]]:
    """The first so many events in the order of their arrival."""
    with path.open("rb") as lines:
        for _, line in zip(range(events), lines, strict=False):
            yield orjson.loads(line)


class Rows:
    """Rows kept in memory, so that writing them down is not measured."""

    def __init__(self, prefix: Path) -> None:
        self._prefix = prefix
        self.windows: list[tuple[str, int, int]] = []
        self.sessions: list[tuple[str, int, int, int, int, int]] = []

    def done(self, elapsed: float) -> None:
        """Write them and print the result; `elapsed` in seconds."""
        before = time.process_time()
        self._prefix.parent.mkdir(parents=True, exist_ok=True)
        with Path(f"{self._prefix}.win").open("w") as out:
            out.writelines(f"{user},{start},{total}\n" for user, start, total in self.windows)
        with Path(f"{self._prefix}.ses").open("w") as out:
            out.writelines(
                f"{user},{first},{last},{events},{cart:d},{bought:d}\n"
                for user, first, last, events, cart, bought in self.sessions
            )
        told = {"elapsed": elapsed, "cpu_after": time.process_time() - before, "rows": str(self._prefix)}
        print("RESULT " + json.dumps(told), flush=True)
