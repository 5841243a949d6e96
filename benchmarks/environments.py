"""Virtual environments of the peers, each made from its hashed requirements when it is first needed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.runner import HOME, BenchmarkError, say

PEERS = Path(__file__).parent / "peers"


def requirements(peer: str) -> Path:
    return PEERS / f"{peer}.txt"


def python_of(peer: str) -> str:
    """The Python of a peer's environment, whether or not it has been made."""
    return str(HOME / "peers" / peer / "bin" / "python")


def make(peer: str) -> None:
    """Make the environment unless it was made from these requirements; BenchmarkError if it cannot be."""
    home, wanted = HOME / "peers" / peer, hashlib.sha256(requirements(peer).read_bytes()).hexdigest()
    made_from = home / "made-from"
    if made_from.is_file() and made_from.read_text() == wanted:
        return
    say(f"Making an environment for {peer} in {home} ...")
    shutil.rmtree(home, ignore_errors=True)
    environment = {**os.environ, "VIRTUAL_ENV": str(home)}
    _call([sys.executable, "-m", "venv", "--without-pip" if _uv() else "--clear", str(home)], peer, environment)
    if uv := _uv():
        pip = [uv, "pip", "install", "--quiet", "--python", python_of(peer)]
    else:
        pip = [python_of(peer), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _call([*pip, "--require-hashes", "-r", str(requirements(peer))], peer, environment)
    made_from.write_text(wanted)


def _uv() -> str | None:
    own = HOME.parent.parent / ".tools" / "uv" / "bin" / "uv"
    return shutil.which("uv") or (str(own) if own.is_file() else None)


def _call(command: list[str], peer: str, environment: dict[str, str]) -> None:
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if told.returncode:
        raise BenchmarkError(
            f"The environment of {peer} was not made ({told.stderr.strip().splitlines()[-1:] or ['no word']}): "
            "check the network, or leave it out with --peers."
        )
