"""What the programs of the benchmarks share: their arguments, and the line that they end with."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from typing import Any


def arguments(*extra: str) -> argparse.Namespace:
    """`--events`, and a text option for each name in `extra`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, required=True)
    for name in extra:
        parser.add_argument(f"--{name}", default="")
    return parser.parse_args()


def told(elapsed: float, cpu: float | None = None, **more: Any) -> None:
    """Print the result; seconds. `cpu` is left out where that of the whole process tree counts."""
    own = {} if cpu is None else {"cpu": cpu}
    print("RESULT " + json.dumps({"elapsed": elapsed, **own, **more}), flush=True)


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """What `work` returns, seconds of wall clock, seconds of this process's CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, time.perf_counter() - wall, time.process_time() - cpu
