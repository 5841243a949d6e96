"""The jars that no Python package brings: fetched once, and compared with jars.lock every time they are used."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Dict, List

from local_stack.errors import SetupError

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "jars.lock"
JARS = ROOT / ".tools" / "jars"

# The trailing "!" keeps the logging library from bringing its own version of everything else.
COORDINATES = {
    "kafka": "org.apache.kafka:kafka_2.13:4.3.1+org.apache.logging.log4j:log4j-slf4j-impl:2.25.4!",
    "flink": "org.apache.flink:flink-sql-connector-kafka:5.0.0-2.2",
}


def locked(lock: Path = LOCK) -> Dict[str, str]:
    """Return {"kafka/kafka-clients-4.3.1.jar": its sha256, ...} as jars.lock says."""
    rows = (line.split() for line in lock.read_text(encoding="utf-8").splitlines() if line and line[0] != "#")
    return {name: digest for digest, name in rows}


def missing(jars: Path = JARS, lock: Path = LOCK) -> List[str]:
    """Return the names in jars.lock that are not there."""
    return [name for name in locked(lock) if not (jars / name).is_file()]


def verify(jars: Path = JARS, lock: Path = LOCK) -> None:
    """Raise SetupError unless every jar is there with the sha256 of jars.lock, and no other jar beside them."""
    for name, digest in locked(lock).items():
        path = jars / name
        if not path.is_file():
            raise SetupError(f"The jar {path} is missing: run `make setup`.")
        if sha256(path) != digest:
            raise SetupError(
                f"The jar {path} is damaged (its sha256 is not the one in {lock.name}): "
                f"delete it with `rm {path}`, then run `make setup`."
            )
    strangers = sorted({path.relative_to(jars).as_posix() for path in jars.rglob("*.jar")} - set(locked(lock)))
    if strangers:
        raise SetupError(
            f"The jar {jars / strangers[0]} is not in {lock.name}: delete it with `rm {jars / strangers[0]}`."
        )


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as jar:
        for block in iter(lambda: jar.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def fetch(venv: Path, jars: Path = JARS, lock: Path = LOCK) -> None:
    """Fetch every set of jars of which one is missing, through the environment's own resolver."""
    for name in sorted({missed.split("/")[0] for missed in missing(jars, lock)}):
        resolve(name, venv, jars)
    verify(jars, lock)


def resolve(name: str, venv: Path, jars: Path) -> None:
    """Let jgo resolve one set into a fresh folder, then put its jars in place."""
    work = jars.parent / "jgo" / name
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    command = [
        str(venv / "bin" / "jgo"), "--ignore-config", "--resolver", "python", "--system-java", "--links", "copy",
        "--repo-cache", str(jars.parent / "m2"), "--timeout", "60", "--class-path-only",
    ]  # fmt: skip
    for verb in (["init", COORDINATES[name]], ["sync"]):
        run(command + verb, work)
    (jars / name).mkdir(parents=True, exist_ok=True)
    for jar in work.rglob("*.jar"):
        shutil.copy2(jar, jars / name / jar.name)
    shutil.rmtree(work)
    shutil.rmtree(jars.parent / "m2", ignore_errors=True)


def run(command: List[str], cwd: Path) -> None:
    environment = {**os.environ, "NO_COLOR": "1"}
    done = subprocess.run(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode:
        told = " ".join(done.stdout.decode(errors="replace").split())[-300:] or "the resolver said nothing"
        raise SetupError(f"The jars could not be fetched: check the network, then run `make setup` again. ({told})")
