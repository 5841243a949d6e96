"""Reads the folder of configuration files into texts by name, for the pure parsers."""

from __future__ import annotations

from pathlib import Path

CONFIG = Path(__file__).parent.parent / "config"


def read_texts(folder: Path = CONFIG) -> dict[str, str]:
    """Every TOML file below `folder` by its name relative to it, such as `segments/hot.toml`."""
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(folder.rglob("*.toml"))}
