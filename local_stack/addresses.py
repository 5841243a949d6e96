"""Where the servers of a stack talk, for everyone who wants to talk to them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local_stack import processes
from local_stack.errors import NotRunning
from local_stack.ports import HOST, USUAL

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
CURRENT = LOCAL / "current"
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of one stack; `home` is the folder that holds all its data."""

    home: Path
    kafka: str
    redis: str
    flink_rest: str
    render: str
    smtp: str
    metrics: str
    brakes: str

    @property
    def name(self) -> str:
        return self.home.name

    def environment(self) -> dict[str, str]:
        """Return the addresses as TIDEMARK_ variables for a process that we start."""
        return {
            "TIDEMARK_STACK": str(self.home),
            "TIDEMARK_KAFKA": self.kafka,
            "TIDEMARK_REDIS": self.redis,
            "TIDEMARK_FLINK": self.flink_rest,
            "TIDEMARK_RENDER": self.render.removeprefix("http://"),
            "TIDEMARK_SMTP": self.smtp,
            "TIDEMARK_OUTBOX": str(self.home / "outbox"),
        }


def of_ports(home: Path, ports: Mapping[str, int]) -> Addresses:
    return Addresses(
        home=home,
        kafka=f"{HOST}:{ports['kafka']}",
        redis=f"redis://{HOST}:{ports['valkey']}/0",
        flink_rest=f"http://{HOST}:{ports['flink']}",
        render=f"http://{HOST}:{ports['render']}",
        smtp=f"{HOST}:{ports['smtp']}",
        metrics=f"http://{HOST}:{ports['metrics']}/metrics",
        brakes=f"http://{HOST}:{ports['brakes']}/metrics",
    )


def home_of(name: str) -> Path:
    """Return the folder of a stack: a name lives under .local, a path is taken as it is."""
    return Path(name) if "/" in name else LOCAL / name


def current_home() -> Path:
    """Return the folder of the stack to talk to: TIDEMARK_STACK, else .local/current, else the default one."""
    named = os.environ.get("TIDEMARK_STACK") or (CURRENT.read_text().strip() if CURRENT.is_file() else "")
    return home_of(named or DEFAULT)


def make_current(home: Path) -> None:
    """Let the command line talk to this stack from now on."""
    LOCAL.mkdir(exist_ok=True)
    CURRENT.write_text(home.name if home.parent == LOCAL else str(home))


def load(home: Path | None = None) -> Addresses:
    """Return the addresses of a stack of which something runs; NotRunning if nothing does."""
    home = home or current_home()
    if not processes.any_alive(home):
        raise NotRunning(f"No stack runs in {home}: start one with `./tidemark up`.")
    return recorded(home)


def recorded(home: Path) -> Addresses:
    """Return the addresses of the last start, whether or not anything runs; NotRunning if there never was one."""
    try:
        return of_ports(home, read_ports(home))
    except (FileNotFoundError, KeyError) as error:
        raise NotRunning(f"No stack was started in {home}: start one with `./tidemark up`.") from error


def read_ports(home: Path) -> dict[str, int]:
    """The ports of the last start; a part that it did not have yet has its usual one."""
    ports: dict[str, int] = json.loads((home / "ports.json").read_text())
    return {**USUAL, **ports}


def write_ports(home: Path, ports: Mapping[str, int]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "ports.json").write_text(json.dumps(ports, indent=1))
