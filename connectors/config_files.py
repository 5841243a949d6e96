"""Reads the configuration folder, so that pure code can parse what it says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

CONFIG = Path(__file__).parent.parent / "config"

Files = Mapping[str, bytes]


def read_config(folder: Path = CONFIG) -> dict[str, bytes]:
    """Every TOML file under `folder`, by its path within it; FileNotFoundError if there is no such folder."""
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no configuration folder {folder}")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.toml"))}


def read_texts(folder: Path = CONFIG) -> dict[str, str]:
    """The same as texts, such as `segments/hot.toml`."""
    return {path: content.decode() for path, content in read_config(folder).items()}
