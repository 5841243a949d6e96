"""CPU time and memory of a program and everything that it started, found by a mark in their environment."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

MARK = "BENCH_RUN"
POLL_S = 0.25
_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


class Used(NamedTuple):
    """What a run took: seconds of wall clock and CPU, the highest proportional memory in MB, and what it printed."""

    code: int
    wall: float
    cpu: float
    peak_mb: float
    told: str


class Tree:
    """The processes that carry MARK=`mark`, those that left their parents as well; `look` before reading."""

    def __init__(self, mark: str) -> None:
        self._tag = f"{MARK}={mark}".encode()
        self._ours: set[int] = set()
        self._others: set[int] = set()
        self._cpu: dict[int, float] = {}
        self.peak_mb = 0.0

    @property
    def cpu(self) -> float:
        """Seconds of CPU of all that was ever seen."""
        return sum(self._cpu.values())

    def look(self) -> None:
        """Find new processes and take note of what each has used."""
        for name in os.listdir(_PROC):  # noqa: PTH208 - four times a second, and half the price of paths
            if name.isdigit() and (pid := int(name)) not in self._ours and pid not in self._others:
                self._sort(pid)
        memory = 0.0
        for pid in sorted(self._ours):
            try:
                self._cpu[pid] = cpu_of(pid)
                memory += _memory_of(pid)
            except (OSError, IndexError):  # it has ended; what it used is known up to the last look
                continue
        self.peak_mb = max(self.peak_mb, memory)

    def end(self) -> None:
        """Kill all of them, wherever they are in their work."""
        self.look()
        for pid in self._ours:
            with suppress(OSError):
                if self._is_ours(pid):
                    os.kill(pid, signal.SIGKILL)

    def _is_ours(self, pid: int) -> bool:
        return self._tag in (_PROC / str(pid) / "environ").read_bytes()

    def _sort(self, pid: int) -> None:
        with suppress(OSError):
            if self._is_ours(pid):
                self._ours.add(pid)
                return
        if _age_of(pid) > 2:  # a young process may not have taken on its environment yet
            self._others.add(pid)


def run(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Used:
    """Run a program to its end, its complaints going to `log`."""
    mark = uuid4().hex
    tree = Tree(mark)
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    everything = {**os.environ, **environment, MARK: mark}
    with (
        log.open("ab") as complaints,
        subprocess.Popen(command, env=everything, stdout=subprocess.PIPE, stderr=complaints, text=True) as program,
    ):
        told: list[str] = []
        assert program.stdout is not None
        listening = threading.Thread(target=told.extend, args=(program.stdout,))
        listening.start()
        try:
            while program.poll() is None:
                tree.look()
                time.sleep(POLL_S)
            tree.look()
        except BaseException:
            tree.end()
            program.wait()
            raise
        finally:
            listening.join()
    return Used(program.returncode, time.perf_counter() - began, tree.cpu, tree.peak_mb, "".join(told))


def _fields(pid: int) -> list[str]:
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def cpu_of(pid: int) -> float:
    """Seconds of CPU of one process, its children left out."""
    fields = _fields(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _age_of(pid: int) -> float:
    try:
        born = int(_fields(pid)[19]) / _TICKS
    except (OSError, IndexError):
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - born


def _memory_of(pid: int) -> float:
    for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
