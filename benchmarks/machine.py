"""What a benchmark ran on, and in which versions."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("apache-flink", "apache-beam", "polars", "numpy", "msgspec", "fastavro", "redis", "kafka-python")


def machine() -> dict[str, str]:
    """Processor, cores, memory and system, and how busy it was with other things when it was asked."""
    return {
        "processor": _first("/proc/cpuinfo", "model name") or platform.machine(),
        "cores": str(os.cpu_count()),
        "memory_mb": str(int((_first("/proc/meminfo", "MemTotal") or "0 kB").split()[0]) // 1024),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": f"{os.getloadavg()[0]:.2f}",
    }


def versions() -> dict[str, str]:
    """Python, Tidemark's commit, and the packages that speed hangs on."""
    found = {"python": platform.python_version(), "tidemark": _commit()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _first(path: str, key: str) -> str | None:
    lines = Path(path).read_text().splitlines() if Path(path).is_file() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), None)


def _commit() -> str:
    ask = ["git", "describe", "--always", "--dirty"]
    told = subprocess.run(ask, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"
