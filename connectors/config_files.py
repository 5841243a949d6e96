"""Reads the configuration folder, so that pure code can parse what it says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

Files = Mapping[str, bytes]


def read_config(folder: Path) -> dict[str, bytes]:
    """Every TOML file under `folder`, by its path within it; FileNotFoundError if there is no such folder."""
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no configuration folder {folder}")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.toml"))}


def under(files: Files, folder: str) -> dict[str, bytes]:
    """The files of one folder of the configuration, still by their whole path."""
    return {path: content for path, content in files.items() if path.startswith(folder + "/")}
