"""What each server of a stack is doing right now."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local_stack import addresses, flink, processes, services, stack, valkey
from local_stack.ports import HOST


@dataclass(frozen=True, slots=True)
class Health:
    """One line of `status`; state is running, silent (alive without an answer) or stopped."""

    name: str
    state: str
    address: str
    pid: int | None
    version: str | None


def of_stack(home: Path) -> list[Health]:
    """Ask every server; NotRunning where no stack was ever started."""
    where = addresses.recorded(home)
    port = addresses.read_ports(home)
    rows: list[tuple[str, str, Callable[[], bool]]] = [
        ("kafka", where.kafka, lambda: listens(port["kafka"])),
        ("valkey", where.redis, lambda: valkey.answers(port["valkey"])),
        ("jobmanager", where.flink_rest, lambda: flink.overview(port["flink"]) is not None),
        ("taskmanager", where.flink_rest, lambda: (flink.overview(port["flink"]) or {}).get("taskmanagers", 0) > 0),
        ("metrics", where.metrics, lambda: services.page_answers(where.metrics)),
        ("mail", where.smtp, lambda: services.mail_answers(port["smtp"])),
        ("render", where.render, lambda: services.page_answers(f"{where.render}/healthz")),
        ("archive", str(home / "archive"), lambda: True),
        ("brakes", where.brakes, lambda: services.page_answers(where.brakes)),
    ]
    assert tuple(name for name, _, _ in rows) == stack.PARTS
    return [of_part(home, *row) for row in rows]


def of_part(home: Path, name: str, address: str, answers: Callable[[], bool]) -> Health:
    running = processes.find(home, name)
    if running is None or not running.alive:
        return Health(name, "stopped", address, None, None)
    return Health(name, "running" if answers() else "silent", address, running.pid, running.version)


def listens(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=1):
            return True
    except OSError:
        return False


def obituaries(home: Path) -> list[str]:
    """Say of each server that ended without being stopped what it said last."""
    ended = (running for part in stack.PARTS if (running := processes.find(home, part)) and not running.alive)
    return [
        f"{running.part} has ended ({processes.last_words(running.log)}): see {running.log}; "
        "`./tidemark up` starts it again."
        for running in ended
    ]
