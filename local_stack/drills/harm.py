"""kill -9 of a part of the stack, and its start as a supervisor would start it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from local_stack import flink, kafka, processes, valkey
from local_stack.addresses import read_ports
from local_stack.drills.report import DrillError, wait

WORKER = b"pyflink.fn_execution"


def kill_part(home: Path, part: str) -> None:
    """kill -9 of a server, and nothing else; its children are left to find out."""
    running = processes.find(home, part)
    if running is None or not running.alive:
        raise DrillError(f"{part} does not run, so it cannot be killed")
    os.kill(running.pid, signal.SIGKILL)
    processes.wait_gone(lambda: [running.pid] if running.alive else [], 10)


def workers(home: Path) -> list[int]:
    """Flink's Python workers."""
    return [pid for pid in processes.marked(home, ["taskmanager"]) if WORKER in _command(pid)]


def kill_workers(home: Path) -> int:
    """kill -9 of Flink's Python workers alone; how many there were."""
    killed = workers(home)
    processes.send(killed, signal.SIGKILL)
    return len(killed)


def start_part(home: Path, part: str) -> None:
    """Start a server that was killed and wait until it serves."""
    port = read_ports(home)
    match part:
        case "taskmanager":
            flink.wait_registered(flink.start_part(home, part))
        case "jobmanager":
            running = flink.start_part(home, part)
            processes.wait_ready(running, lambda: flink.overview(port["flink"]) is not None, 180)
            wait(lambda: (flink.overview(port["flink"]) or {}).get("slots-available", 0) > 0, 180, "a TaskManager")
        case "kafka":
            kafka.start(home, port["kafka"], port["kafka_controller"])
        case "valkey":
            valkey.start(home, port["valkey"])
        case _:
            raise DrillError(f"nobody knows how to start {part}")


def _command(pid: int) -> bytes:
    try:
        return (processes.PROC / str(pid) / "cmdline").read_bytes()
    except OSError:  # gone meanwhile
        return b""
