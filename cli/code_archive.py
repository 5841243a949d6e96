"""The packages that a job needs on the cluster, as one zip for `flink run -pyfs`: `python -m cli.code_archive PATH`."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from local_stack.addresses import ROOT

PACKAGES = ("avro_schemas", "connectors", "jobs", "udfs")
SUFFIXES = (".py", ".avsc", ".lock", ".lua")


def write_archive(path: Path) -> Path:
    """Write the zip; the same code gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for package in PACKAGES:
            for file in sorted((ROOT / package).rglob("*")):
                if file.suffix in SUFFIXES:
                    entry = zipfile.ZipInfo(file.relative_to(ROOT).as_posix())
                    archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
    return path


if __name__ == "__main__":
    print(write_archive(Path(sys.argv[1])))
