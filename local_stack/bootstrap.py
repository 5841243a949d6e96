"""Make the environment `.venv` and fetch the jars; needs nothing but a Python, and says beforehand what it will do."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import List, Tuple

from local_stack import jars
from local_stack.errors import NoRoom, SetupError, StackError

ROOT = jars.ROOT
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
STAMP = VENV / "tidemark-setup.stamp"
REQUIREMENTS = ("runtime.txt", "dev.txt")
TESTED = (("Linux", "x86_64"), ((3, 11), (3, 12)))
DISK_NEEDED = 3_000_000_000


def main() -> int:
    try:
        return setup()
    except StackError as error:
        print(error, file=sys.stderr)
        return 6 if isinstance(error, NoRoom) else 3


def setup() -> int:
    refuse_the_untested()
    if STAMP.is_file() and STAMP.read_text() == fingerprint() and not jars.missing():
        jars.verify()
        return 0
    announce()
    need_room(ROOT)
    uv = find_uv()
    if venv_python() != sys.version_info[:2]:
        call([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(VENV)])
    files = [str(ROOT / "requirements" / name) for name in REQUIREMENTS]
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode"]  # else each first start does it
    call([*sync, "--python", str(VENV / "bin" / "python"), *files])
    print("Packages are in. Fetching jars ...", flush=True)
    jars.fetch(VENV)
    STAMP.write_text(fingerprint())
    print("Set up. Next: `make demo`, or `./tidemark up`.")
    return 0


def refuse_the_untested() -> None:
    """Say in one sentence what is not tested and what works there; TIDEMARK_UNTESTED=1 goes on all the same."""
    here = (platform.system(), platform.machine())
    if (here == TESTED[0] and sys.version_info[:2] in TESTED[1]) or os.environ.get("TIDEMARK_UNTESTED"):
        return
    version = ".".join(map(str, sys.version_info[:2]))
    raise SetupError(
        f"Tidemark's stack is tested on Linux x86-64 with Python 3.11 and 3.12, and this is {here[0]} {here[1]} with "
        f"Python {version}: what works here is the memory driver (`pip install msgspec numpy xxhash`, then "
        "`import udfs.memory_driver`); TIDEMARK_UNTESTED=1 tries the rest."
    )


def announce() -> None:
    print(
        f"Setting up Tidemark on {platform.system()} {platform.machine()} with Python {platform.python_version()} "
        f"({sys.executable}).\n"
        "It downloads about 740 MB (Flink, Java, Python packages, Kafka) into .venv and .tools, takes 1.3 GB of disk\n"
        "and one or two minutes on a fast line, five on a slow one. Outside this folder only the package cache grows.",
        flush=True,
    )


def need_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < DISK_NEEDED:
        raise NoRoom(
            f"The disk of {folder} has {free // 1_000_000} MB left and the set-up needs {DISK_NEEDED // 1_000_000}: "
            "free some, then run `make setup` again."
        )


def venv_python() -> Tuple[int, ...]:
    """Return the Python version of .venv, () where there is none that runs."""
    python = VENV / "bin" / "python"
    if not python.exists():
        return ()
    ask = [str(python), "-c", "import sys; print(*sys.version_info[:2])"]
    told = subprocess.run(ask, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return tuple(map(int, told.stdout.split()))


def find_uv() -> str:
    """Return the uv on PATH, else one of our own, installed by pip with hashes."""
    own = TOOLS / "uv" / "bin" / "uv"
    found = shutil.which("uv") or (str(own) if own.is_file() else None)
    if (
        found
        and subprocess.run([found, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    ):
        return found
    call([sys.executable, "-m", "venv", "--clear", str(TOOLS / "uv")], "a Python with venv (Debian: python3-venv)")
    pip = [str(TOOLS / "uv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    call([*pip, "--require-hashes", "-r", str(ROOT / "requirements" / "bootstrap.txt")])
    return str(own)


def call(command: List[str], needs: str = "the network") -> None:
    if subprocess.run(command).returncode:
        step = " ".join([Path(command[0]).name, *command[1:3]])
        raise SetupError(f"Set-up stopped at `{step}` (see above): check {needs}, then run `make setup` again.")


def fingerprint() -> str:
    """Return what the environment was made from: requirements, jars and Python."""
    digest = hashlib.sha256(platform.python_version().encode())
    for path in [*(ROOT / "requirements" / name for name in REQUIREMENTS), jars.LOCK]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    raise SystemExit(main())
