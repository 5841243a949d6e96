"""Servers run detached, each in a process group of its own, and are found again by a mark in their environment."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from local_stack.errors import PartFailed

MARK = "TIDEMARK_PART"  # "<home>:<part>"; children inherit it, so Flink's Python workers are found as well
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Running:
    """A server that was started: who it is and where it talks."""

    part: str
    pid: int
    born: str  # when the kernel started it, so that a pid that was given away again is not taken for it
    version: str
    log: str

    @property
    def alive(self) -> bool:
        return is_alive(self.pid) and birth(self.pid) == self.born


def start(home: Path, part: str, command: Sequence[str], env: Mapping[str, str], version: str) -> Running:
    """Start a server that outlives us, its words going to <home>/logs/<part>.log, and write down its pid."""
    log = home / "logs" / f"{part}.log"
    for folder in (log.parent, home / "pids"):
        folder.mkdir(parents=True, exist_ok=True)
    with suppress(FileNotFoundError):
        log.replace(log.with_suffix(".log.1"))
    words = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        command[0],
        list(command),
        {**os.environ, **env, MARK: f"{home}:{part}"},
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), words, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )
    running = Running(part, pid, birth(pid), version, str(log))
    record(home, part).write_text(json.dumps(asdict(running)))
    return running


def record(home: Path, part: str) -> Path:
    return home / "pids" / f"{part}.json"


def find(home: Path, part: str) -> Running | None:
    """Return what was started as this part, alive or not; None if nothing was."""
    try:
        return Running(**json.loads(record(home, part).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def any_alive(home: Path) -> bool:
    parts = (path.stem for path in (home / "pids").glob("*.json"))
    return any(running is not None and running.alive for running in (find(home, part) for part in parts))


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return (kernel_says(pid) or ["X"])[0] not in "ZX"


def birth(pid: int) -> str:
    return (kernel_says(pid) or [""] * 20)[19]


def kernel_says(pid: int) -> list[str]:
    """Return the fields of /proc/<pid>/stat from the state on, [] where the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def marked(home: Path, parts: Iterable[str] | None = None) -> list[int]:
    """Return the live processes that carry the mark of this home: of these parts, or of all."""
    wanted = None if parts is None else {f"{home}:{part}" for part in parts}
    found = []
    for entry in PROC.iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        mark = mark_of(entry)
        if mark.rpartition(":")[0] == str(home) and (wanted is None or mark in wanted) and is_alive(int(entry.name)):
            found.append(int(entry.name))
    return found


def mark_of(entry: Path) -> str:
    try:
        variables = (entry / "environ").read_bytes().split(b"\0")
    except OSError:  # gone meanwhile, or another user's
        return ""
    return next((v.partition(b"=")[2].decode() for v in variables if v.startswith(MARK.encode() + b"=")), "")


def stop(home: Path, parts: Sequence[str] | None, patience: float = 20.0) -> None:
    """Ask the leaders of these parts (None: all that is marked) to end, wait, then kill what is left, children too."""
    leaders = [running for part in parts or () if (running := find(home, part)) and running.alive]

    def left() -> list[int]:
        return [running.pid for running in leaders if running.alive]

    send(left(), signal.SIGTERM)
    wait_gone(left, patience)
    send({*left(), *marked(home, parts)}, signal.SIGKILL)
    wait_gone(lambda: left() + marked(home, parts), 5.0)
    for part in parts or ():
        record(home, part).unlink(missing_ok=True)


def send(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def wait_gone(remaining: Callable[[], list[int]], patience: float) -> None:
    deadline = time.monotonic() + patience
    while remaining() and time.monotonic() < deadline:
        time.sleep(0.05)


def wait_ready(running: Running, ready: Callable[[], bool], patience: float) -> None:
    """Wait until the server answers; PartFailed with its last words if it ends or stays silent."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if not running.alive:
            raise PartFailed(f"{running.part} ended while starting ({last_words(running.log)}): see {running.log}.")
        if ready():
            return
        time.sleep(0.1)
    raise PartFailed(f"{running.part} did not answer within {patience:.0f} s: see {running.log}.")


def last_words(log: str) -> str:
    """Return the last line of a log that names a trouble, else its last line."""
    try:
        lines = [line.strip() for line in Path(log).read_text(errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        lines = []
    telling = [line for line in lines if "No space left" in line or "Exception" in line or "rror" in line]
    return (telling or lines or ["it said nothing"])[-1][:300]
