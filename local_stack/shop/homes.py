"""Every demo has a folder of its own under .local; those of demos that are over are cleared away."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from local_stack import addresses, processes, stack

PLAYER = "player.pid"


def new_home() -> Path:
    """A folder that nobody used before, marked as ours."""
    clear()
    number = next(n for n in range(1, 1_000) if not (addresses.LOCAL / f"demo-{n}").exists())
    home = addresses.LOCAL / f"demo-{number}"
    home.mkdir(parents=True)
    (home / PLAYER).write_text(f"{os.getpid()} {processes.birth(os.getpid())}")
    return home


def clear() -> None:
    """Remove the folders of demos whose player is gone, and stop what such a player has left running."""
    for home in addresses.LOCAL.glob("demo-*"):
        if not _plays(home):
            stack.down(home, fresh=True)
            shutil.rmtree(home, ignore_errors=True)


def _plays(home: Path) -> bool:
    try:
        pid, born = (home / PLAYER).read_text().split()
    except (FileNotFoundError, ValueError):
        return False
    return processes.is_alive(int(pid)) and processes.birth(int(pid)) == born
