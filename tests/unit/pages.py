"""The pages that people read, and what of them can be compared with the code."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")


class Block(NamedTuple):
    """A fenced block of a page; `language` is what stands behind the backticks."""

    page: str
    language: str
    text: str


@cache
def pages() -> dict[str, str]:
    """Every page of ours by its path."""
    paths = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def blocks(*languages: str) -> list[Block]:
    """The fenced blocks of all pages in these languages."""
    found = [Block(page, *fence.groups()) for page, text in pages().items() for fence in _FENCE.finditer(text)]
    return [block for block in found if block.language in languages]


def spans(page: str) -> list[str]:
    """What stands between single backticks on a page."""
    return _SPAN.findall(_FENCE.sub("", pages()[page]))


def lines_of_shell() -> list[tuple[str, str]]:
    """(page, line) of every command in a block of shell; a line that ends in a backslash goes on."""
    found = []
    for block in blocks("sh"):
        joined = block.text.replace("\\\n", " ")
        found += [(block.page, line.strip()) for line in joined.splitlines() if line.strip() and line.strip()[0] != "#"]
    return found


def tables(page: str, header: str) -> list[list[str]]:
    """The rows of every table on a page whose first column is called `header`, cell by cell."""
    rows: list[list[str]] = []
    inside = False
    for line in pages()[page].splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")] if line.startswith("|") else []
        if not cells:
            inside = False
        elif cells[0] == header:
            inside = True
        elif inside and not set(line) <= set("|-: "):
            rows.append(cells)
    return rows


def names(cell: str) -> list[str]:
    """What a cell has between backticks."""
    return _SPAN.findall(cell)
