"""A sheet of paper for flat pictures: shapes are signed distances (numpy), painted with soft edges, saved as PNG."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float64]

SIZE = 480
UNITS = 100.0  # pictures are drawn on 100 x 100 units, y downwards
_PIXEL = UNITS / SIZE
_ROWS, _COLUMNS = np.mgrid[0:SIZE, 0:SIZE]
X: Field = (_COLUMNS + 0.5) * _PIXEL
Y: Field = (_ROWS + 0.5) * _PIXEL


def circle(x: float, y: float, radius: float) -> Field:
    return np.asarray(np.hypot(X - x, Y - y) - radius)


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0) -> Field:
    """Close to the true distance near the edge, which is all that painting needs; `turn` in degrees, clockwise."""
    angle = np.radians(turn)
    u = (X - x) * np.cos(angle) + (Y - y) * np.sin(angle)
    v = (Y - y) * np.cos(angle) - (X - x) * np.sin(angle)
    return np.asarray((np.hypot(u / rx, v / ry) - 1) * min(rx, ry))


def box(x: float, y: float, width: float, height: float, corner: float = 0.0) -> Field:
    """A rectangle around its middle."""
    dx, dy = np.abs(X - x) - width / 2 + corner, np.abs(Y - y) - height / 2 + corner
    outside = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0))
    return np.asarray(outside + np.minimum(np.maximum(dx, dy), 0) - corner)


def stroke(x1: float, y1: float, x2: float, y2: float, thick: float) -> Field:
    """A line with round ends."""
    along = np.clip(((X - x1) * (x2 - x1) + (Y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2), 0, 1)
    return np.asarray(np.hypot(X - x1 - along * (x2 - x1), Y - y1 - along * (y2 - y1)) - thick / 2)


def polygon(*corners: tuple[float, float]) -> Field:
    """Convex, corners clockwise on the screen: the furthest of its edges."""
    edges = zip(corners, corners[1:] + corners[:1], strict=True)
    sides = [((X - x1) * (y2 - y1) - (Y - y1) * (x2 - x1)) / np.hypot(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in edges]
    return np.asarray(np.maximum.reduce(sides))


def ring(shape: Field, thick: float) -> Field:
    return np.asarray(np.abs(shape) - thick / 2)


def both(*shapes: Field) -> Field:
    return np.asarray(np.maximum.reduce(shapes))


def either(*shapes: Field) -> Field:
    return np.asarray(np.minimum.reduce(shapes))


def rgb(colour: str) -> Field:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], dtype=np.float64)


def shade(colour: str, by: float) -> str:
    """Lighter (by > 0) or darker (by < 0), by at most 1."""
    towards = np.full(3, 255.0 if by > 0 else 0.0)
    mixed = rgb(colour) * (1 - abs(by)) + towards * abs(by)
    return "#" + "".join(f"{round(part):02x}" for part in mixed)


class Canvas:
    """Paint from the back to the front."""

    def __init__(self, ground: str) -> None:
        self._paper = np.broadcast_to(rgb(ground), (SIZE, SIZE, 3)).copy()

    def paint(self, shape: Field, colour: str, cover: float = 1.0) -> None:
        inside = np.clip(0.5 - shape / _PIXEL, 0, 1)[..., None] * cover
        self._paper = self._paper * (1 - inside) + rgb(colour) * inside

    def png(self) -> bytes:
        """Eight bits a channel, each row as the difference to the one above (small for flat pictures)."""
        pixels = np.round(self._paper).astype(np.uint8).reshape(SIZE, SIZE * 3)
        above = np.vstack([np.zeros((1, SIZE * 3), np.uint8), pixels[:-1]])
        rows = np.hstack([np.full((SIZE, 1), 2, np.uint8), pixels - above])
        header = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)
        chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, body) for name, body in chunks)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
