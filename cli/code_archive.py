"""The packages that a job needs on the cluster, as one zip for `flink run -pyfs`: `python -m cli.code_archive PATH`."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

from local_stack.addresses import ROOT

PACKAGES = ("avro_schemas", "connectors", "jobs", "udfs")
SUFFIXES = (".py", ".avsc", ".lock", ".lua", ".java")


def write_archive(path: Path) -> Path:
    """Write the zip, whole or not at all; the same code gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{os.getpid()}")
    with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED) as archive:
        for package in PACKAGES:
            for file in sorted((ROOT / package).rglob("*")):
                if file.suffix in SUFFIXES:
                    entry = zipfile.ZipInfo(file.relative_to(ROOT).as_posix())
                    archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return fresh.replace(path)


if __name__ == "__main__":
    print(write_archive(Path(sys.argv[1])))
