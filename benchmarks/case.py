"""What is measured: one engine at one size, as a program that says how long its work took."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# What is wrong with what a program told over so many events in this environment; empty if nothing is.
Check = Callable[[dict[str, Any], int, Mapping[str, str]], str]


@dataclass(frozen=True, slots=True)
class Case:
    """`program` is run as `python -m` and prints a line `RESULT {"elapsed": seconds, ...}`.

    `{events}` in its words is how many events it takes. The CPU time and memory are those of its whole process tree. A
    run over `start_up` events is subtracted; 0 means that the program times itself, start-up left out. `check` judges
    the rows after the program has ended; without one the program says `rows_equal` itself.
    """

    engine: str
    label: str
    program: tuple[str, ...]
    events: int
    start_up: int = 0
    cores: int = 1
    python: str = sys.executable
    unit: str = "events"
    environment: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    check: Check | None = None

    def command(self, events: int) -> list[str]:
        """The words of a run over so many events."""
        pinned = ["taskset", "-c", ",".join(map(str, range(self.cores)))]
        return [*pinned, self.python, "-m", *(word.format(events=events) for word in self.program)]

    def line(self, events: int) -> str:
        """The same as it is typed, with what it is told by its environment."""
        told = [f"{name}={value}" for name, value in self.environment.items()]
        return " ".join([*told, shlex.join(self.command(events))])


class Options(NamedTuple):
    """What was asked for; None is the benchmark's own choice."""

    events: int | None = None
    cores: int | None = None
    peers: tuple[str, ...] | None = None


Ready = Callable[[list[Case]], AbstractContextManager[Mapping[str, str]]]


class Benchmark(NamedTuple):
    """A name, what it shows, its cases at the asked size, and what must run around them.

    `smoke` is a size at which the rows can be compared within seconds; `ready` gives the programs their environment.
    """

    name: str
    about: str
    smoke: int
    cases: Callable[[Options], list[Case]]
    ready: Ready | None = None
    not_measured: tuple[str, ...] = ()
