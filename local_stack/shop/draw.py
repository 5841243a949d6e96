"""Draws the pictures of the catalogue: `python -m local_stack.shop.draw` writes pictures/*.png anew."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, radians, sin

from local_stack.shop.canvas import Canvas, both, box, circle, either, ellipse, polygon, ring, shade, stroke
from local_stack.shop.catalogue import PICTURES, Product, products

Motif = Callable[[Canvas, str, str], None]
CREAM, INK = "#fbf6ea", "#2b2f38"


def _wave(c: Canvas, x: float, y: float, colour: str) -> None:
    """The shop's mark: three crests in a row."""
    for i in (-1, 0, 1):
        arc = ring(circle(x + i * 6, y, 3), 1.2)
        c.paint(both(arc, box(x + i * 6, y - 3, 7.4, 6)), colour)


def _pot(c: Canvas, colour: str) -> None:
    c.paint(polygon((36, 66), (64, 66), (60, 86), (40, 86)), colour)
    c.paint(box(50, 66, 32, 6, 1.5), shade(colour, -0.12))


def _steam(c: Canvas, x: float, y: float, colour: str) -> None:
    for i in (-7, 0, 7):
        lower = both(ring(circle(x + i, y, 3), 1.5), box(x + i - 2, y, 4, 8))
        upper = both(ring(circle(x + i, y - 6, 3), 1.5), box(x + i + 2, y - 6, 4, 8))
        c.paint(either(lower, upper), colour, 0.45)


def tin(c: Canvas, body: str, label: str) -> None:
    c.paint(box(50, 57, 38, 54, 3), body)
    c.paint(box(63, 57, 12, 54, 3), shade(body, -0.12))
    c.paint(box(50, 29, 42, 10, 3), shade(body, 0.18))
    c.paint(box(50, 60, 38, 22), label)
    _wave(c, 50, 62, body)


def bag(c: Canvas, body: str, label: str) -> None:
    c.paint(polygon((32, 30), (68, 30), (70, 84), (30, 84)), body)
    c.paint(polygon((32, 24), (68, 24), (68, 33), (32, 33)), shade(body, -0.2))
    c.paint(circle(50, 59, 13), label)
    _wave(c, 50, 60.5, body)


def carton(c: Canvas, body: str, label: str) -> None:
    c.paint(polygon((26, 18), (74, 18), (78, 39), (22, 39)), shade(body, 0.25))
    _wave(c, 50, 30, CREAM)
    c.paint(box(50, 58, 56, 40, 2), body)
    for row in range(3):
        for column in range(4):
            c.paint(box(31.5 + column * 12.3, 47 + row * 11.5, 9.5, 8.5, 1.5), shade(label, 0.12 * (row + column % 2)))


def mug(c: Canvas, body: str, dark: str) -> None:
    c.paint(ring(ellipse(70, 56, 11, 12), 5), dark)
    c.paint(either(box(50, 57, 38, 44, 8), box(50, 45, 38, 20)), body)
    c.paint(ellipse(50, 36, 19, 5), shade(body, 0.25))
    c.paint(ellipse(50, 37, 16, 3.6), "#6b4a35")
    c.paint(box(35, 58, 3, 26, 1.5), shade(body, 0.3))
    _steam(c, 50, 24, dark)


def teapot(c: Canvas, body: str, trim: str) -> None:
    c.paint(ring(ellipse(75, 58, 11, 13), 4.5), shade(body, -0.15))
    c.paint(polygon((34, 66), (16, 44), (22, 42), (40, 56)), shade(body, -0.08))
    c.paint(ellipse(50, 60, 26, 22), body)
    c.paint(box(50, 82, 26, 4, 2), trim)
    c.paint(both(ellipse(50, 42, 15, 8), box(50, 36, 40, 14)), trim)
    c.paint(circle(50, 32, 3.6), trim)
    c.paint(ellipse(40, 54, 3, 9, 15), shade(body, 0.25), 0.8)


def bowl(c: Canvas, body: str, inside: str) -> None:
    c.paint(both(ellipse(50, 48, 34, 32), box(50, 66, 80, 36)), body)
    c.paint(box(50, 80, 24, 5, 2), shade(body, -0.2))
    c.paint(ellipse(50, 48, 34, 8), inside)
    c.paint(ellipse(50, 50, 27, 5), shade(inside, -0.1))
    _wave(c, 50, 66, inside)


def cups(c: Canvas, left: str, right: str) -> None:
    for x, y, colour in ((35, 50, left), (62, 56, right)):
        c.paint(either(box(x, y + 10, 26, 30, 7), box(x, y + 2, 26, 14)), colour)
        c.paint(ellipse(x, y - 5, 13, 4), shade(colour, 0.3))
        c.paint(ellipse(x, y - 4.4, 10.5, 2.8), "#8a6a3f")


def candle(c: Canvas, wax: str, light: str) -> None:
    c.paint(circle(50, 28, 20), light, 0.25)
    c.paint(box(50, 60, 28, 46, 3), wax)
    c.paint(box(59, 60, 8, 46, 3), shade(wax, -0.15))
    c.paint(ellipse(50, 38, 14, 4), shade(wax, 0.3))
    c.paint(stroke(50, 37, 50, 32, 1.2), INK)
    c.paint(either(circle(50, 28, 4.2), polygon((50, 15), (54, 27), (46, 27))), "#f59f3a")
    c.paint(ellipse(50, 28.5, 2, 3.4), light)
    c.paint(box(50, 84, 40, 4, 2), shade(wax, -0.35))


def lantern(c: Canvas, metal: str, light: str) -> None:
    c.paint(ring(circle(50, 20, 9), 2.2), metal)
    c.paint(polygon((50, 20), (66, 36), (34, 36)), metal)
    c.paint(box(50, 58, 30, 42), light)
    c.paint(ellipse(50, 60, 6, 13), "#fffbe8")
    c.paint(either(circle(50, 63, 3.6), polygon((50, 50), (53.4, 62), (46.6, 62))), "#f2913d")
    for x in (36, 64):
        c.paint(box(x, 58, 3, 44), metal)
    c.paint(either(box(50, 37, 36, 4, 1), box(50, 80, 38, 6, 2)), metal)
    c.paint(box(50, 58, 1.6, 40), metal, 0.5)


def lamp(c: Canvas, body: str, light: str) -> None:
    c.paint(circle(50, 42, 34), light, 0.22)
    c.paint(stroke(50, 50, 50, 80, 4), shade(body, -0.25))
    c.paint(ellipse(50, 82, 17, 4), shade(body, -0.25))
    c.paint(polygon((39, 24), (61, 24), (72, 54), (28, 54)), body)
    c.paint(polygon((43, 24), (49, 24), (44, 54), (34, 54)), shade(body, 0.25))
    c.paint(ellipse(50, 54, 22, 2.6), light)


def matches(c: Canvas, body: str, head: str) -> None:
    for i in range(6):
        c.paint(stroke(32 + i * 7.2, 24 + (i % 2) * 4, 32 + i * 7.2, 60, 2.4), "#e6cfa5")
        c.paint(ellipse(32 + i * 7.2, 23 + (i % 2) * 4, 2.2, 3.2), head)
    c.paint(box(50, 65, 50, 40, 2), body)
    c.paint(box(50, 79, 50, 8), shade(body, -0.3))
    _wave(c, 50, 62, CREAM)


def fern(c: Canvas, leaf: str, pot: str) -> None:
    for turn, reach in ((-58, 30), (-30, 36), (0, 40), (30, 36), (58, 30)):
        _frond(c, turn, reach, leaf)
    _pot(c, pot)


def _frond(c: Canvas, turn: float, reach: float, leaf: str) -> None:
    """A stem from the pot with leaflets that get smaller."""
    dx, dy = sin(radians(turn)), -cos(radians(turn))
    c.paint(stroke(50, 64, 50 + dx * reach, 64 + dy * reach, 1.2), shade(leaf, -0.25))
    for step in range(1, 6):
        x, y, size = 50 + dx * reach * step / 5, 64 + dy * reach * step / 5, 8 - step
        for side in (-1, 1):
            c.paint(ellipse(x - dy * side * size * 0.7, y + dx * side * size * 0.7, size, 2.2, turn + side * 20), leaf)


def agave(c: Canvas, leaf: str, pot: str) -> None:
    back, middle, front = ((18, 40), (82, 40)), ((30, 26), (70, 26), (50, 18)), ((40, 34), (60, 34))
    for leaves, tone in ((back, -0.2), (middle, -0.05), (front, 0.15)):
        for x, y in leaves:
            c.paint(polygon((x, y), (57, 66), (43, 66)), shade(leaf, tone))
    _pot(c, pot)


def cactus(c: Canvas, body: str, bloom: str) -> None:
    c.paint(either(stroke(36, 52, 36, 42, 7), stroke(36, 52, 46, 54, 7)), shade(body, -0.1))
    c.paint(either(stroke(65, 46, 65, 36, 7), stroke(65, 46, 54, 50, 7)), shade(body, -0.1))
    c.paint(stroke(50, 66, 50, 30, 17), body)
    for x in (45.5, 50, 54.5):
        c.paint(stroke(x, 64, x, 30, 0.8), shade(body, 0.35))
    for x, y in ((46, 20.5), (54, 20.5), (50, 17.5)):
        c.paint(circle(x, y, 3), bloom)
    _pot(c, shade(bloom, -0.15))


def coins(c: Canvas, leaf: str, pot: str) -> None:
    for x, y, r in ((28, 46, 9), (72, 44, 9), (38, 30, 9.5), (62, 28, 9), (50, 44, 10), (50, 18, 7)):
        c.paint(stroke(50, 66, x, y, 1.1), shade(leaf, -0.3))
        c.paint(circle(x, y, r), shade(leaf, 0.08 if x < 50 else -0.06))
        c.paint(circle(x, y, 1.4), shade(leaf, 0.6))
    _pot(c, pot)


def tree(c: Canvas, leaf: str, fruit: str) -> None:
    c.paint(stroke(50, 68, 50, 44, 3.4), "#8a623f")
    for x, y, r in ((38, 38, 13), (62, 38, 13), (50, 27, 15), (50, 42, 13)):
        c.paint(circle(x, y, r), shade(leaf, 0.12 if y < 30 else 0.0))
    for x, y in ((38, 42), (57, 30), (63, 45), (46, 24)):
        c.paint(ellipse(x, y, 3, 3.8), fruit)
    _pot(c, "#c98b63")


def can(c: Canvas, body: str, dark: str) -> None:
    c.paint(ring(ellipse(66, 46, 17, 16), 4), dark)
    c.paint(stroke(40, 72, 17, 36, 5), dark)
    c.paint(ellipse(17, 35, 7, 3.2, -35), body)
    c.paint(box(55, 63, 38, 40, 4), body)
    c.paint(ellipse(55, 43, 19, 4), dark)
    _wave(c, 55, 65, CREAM)


def book(c: Canvas, cover: str, trim: str) -> None:
    c.paint(box(53, 53, 46, 62, 2), shade(cover, -0.35))
    c.paint(box(52, 52, 46, 60, 1), CREAM)
    c.paint(box(49, 50, 46, 62, 2), cover)
    c.paint(box(30, 50, 5, 62, 1), shade(cover, -0.2))
    c.paint(box(51, 42, 24, 16, 1.5), trim)
    _wave(c, 51, 43.5, cover)
    c.paint(polygon((60, 80), (65, 80), (65, 91), (60, 91)), trim)


def poster(c: Canvas, colour: str, paper: str) -> None:
    c.paint(box(50, 50, 54, 70, 1), "#9c7a55")
    c.paint(box(50, 50, 49, 65), paper)
    c.paint(circle(61, 35, 7), "#f0b64f")
    for x, y in ((40, 54), (60, 60)):
        c.paint(polygon((x - 1, y - 20), (x - 1, y - 2), (x - 11, y - 2)), colour)
        c.paint(polygon((x + 1, y - 17), (x + 9, y - 2), (x + 1, y - 2)), shade(colour, 0.35))
        c.paint(both(ellipse(x, y, 11, 6), box(x, y + 5, 30, 10)), shade(colour, -0.35))
    for y in (69, 75):
        _wave(c, 41, y, "#3f7d94")
        _wave(c, 59, y, "#3f7d94")


def pen(c: Canvas, body: str, gold: str) -> None:
    c.paint(stroke(66, 24, 42, 60, 9), body)
    c.paint(stroke(57, 37.5, 55, 40.5, 9.6), gold)
    c.paint(stroke(68, 32, 60, 44, 1.8), gold)
    c.paint(polygon((37.5, 58.5), (46.5, 63.5), (33, 76)), gold)
    c.paint(stroke(41, 63, 35, 73, 0.7), INK)
    for i in range(3):
        _wave(c, 36 + i * 18, 84, shade(body, 0.1))


def ink(c: Canvas, liquid: str, glass: str) -> None:
    c.paint(box(50, 30, 20, 14, 2), INK)
    c.paint(box(50, 62, 50, 44, 7), glass)
    c.paint(box(50, 67, 43, 30, 4), liquid)
    c.paint(box(50, 40, 16, 8), glass)
    c.paint(box(50, 67, 26, 16, 1.5), CREAM)
    _wave(c, 50, 68.5, liquid)


def letter(c: Canvas, paper: str, seal: str) -> None:
    c.paint(box(50, 46, 50, 54, 1), "#ffffff")
    for i in range(4):
        c.paint(box(50, 28 + i * 6, 36, 1.2, 0.6), "#b9c0c8")
    c.paint(box(50, 62, 60, 40, 1.5), shade(paper, -0.06))
    c.paint(polygon((20, 82), (50, 58), (80, 82)), shade(paper, -0.14))
    c.paint(polygon((20, 43), (80, 43), (50, 67)), paper)
    c.paint(circle(50, 64, 6), seal)
    _wave(c, 50, 65.2, shade(seal, 0.6))


MOTIFS: dict[str, Motif] = {
    "tin": tin, "bag": bag, "box": carton, "mug": mug, "teapot": teapot, "bowl": bowl, "cups": cups, "candle": candle,
    "lantern": lantern, "lamp": lamp, "matches": matches, "fern": fern, "agave": agave, "cactus": cactus,
    "coins": coins, "tree": tree, "can": can, "book": book, "print": poster, "pen": pen, "ink": ink, "letter": letter,
}  # fmt: skip
SHADOW_AT = {"mug": 79, "cups": 76, "box": 78, "bowl": 82, "teapot": 84, "lantern": 83, "tin": 84}


def draw(product: Product) -> Canvas:
    """The product's picture."""
    ground, first, second = product.colours
    canvas = Canvas(ground)
    canvas.paint(ellipse(50, SHADOW_AT.get(product.motif, 86), 36, 3.2), shade(ground, -0.12))
    MOTIFS[product.motif](canvas, first, second)
    return canvas


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for product in products():
        product.picture.write_bytes(draw(product).png())


if __name__ == "__main__":
    main()
