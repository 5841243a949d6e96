"""The shop's own pictures, which travel inside the mail so that it shows without asking a server."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,80}\.png")
_PNG = b"\x89PNG\r\n\x1a\n"
LARGEST = 200_000  # bytes; a mail with ten of them stays below what mail servers take


class Picture(NamedTuple):
    """A picture within a mail; the HTML names it `cid:<cid>`."""

    cid: str
    name: str
    png: bytes


class Pictures:
    """A folder of PNG files and the address that it is known by."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self._read = lru_cache(maxsize=256)(self._read_file)

    def own(self, url: str | None) -> Picture | None:
        """The picture behind an address, None if it is not one of ours."""
        if url is None or not url.startswith(self._url):
            return None
        name = url.removeprefix(self._url)
        png = self.png(name)
        return None if png is None else Picture(f"{name.removesuffix('.png')}@pictures", name, png)

    def png(self, name: str) -> bytes | None:
        """The bytes of a file by its name, None if there is no such picture or it is too large."""
        return self._read(name) if _NAME.fullmatch(name) else None

    def _read_file(self, name: str) -> bytes | None:
        try:
            png = (self._folder / name).read_bytes()
        except OSError:
            return None
        return png if png.startswith(_PNG) and len(png) <= LARGEST else None


def distinct(pictures: Iterable[Picture | None]) -> tuple[Picture, ...]:
    """Each picture once, in order."""
    return tuple({picture.cid: picture for picture in pictures if picture is not None}.values())
