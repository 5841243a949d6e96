"""Plots as SVG for a page of HTML: columns over time, bars side by side, and a week's hours as a map of heat."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

INK, COLOURS = "#334", ("#2b6cb0", "#dd6b20", "#2f855a", "#805ad5", "#b83280", "#718096", "#d69e2e", "#319795")
WIDTH = 860
KEYS_A_LINE = 4


def bars(rows: Sequence[tuple[str, int]]) -> str:
    """One bar a row with its number behind it."""
    most = max((value for _, value in rows), default=0) or 1
    drawn = []
    for number, (label, value) in enumerate(rows):
        y, length = number * 24, value / most * (WIDTH - 420)
        drawn.append(_text(300, y + 16, label, "end"))
        drawn.append(f'<rect x="308" y="{y + 4}" width="{length:.1f}" height="16" fill="{COLOURS[0]}"/>')
        drawn.append(_text(314 + length, y + 16, f"{value:,}"))
    return _svg(len(rows) * 24 + 4, drawn)


def columns(labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> str:
    """A column for each label, the series on top of each other; three of the labels are written."""
    heights = [sum(values) for values in zip(*(values for _, values in series), strict=True)]
    most, floor, left = max(heights, default=0) or 1, 180, 50
    wide = (WIDTH - left) / max(len(labels), 1)
    drawn = [_text(left - 6, 16, f"{most:,}", "end"), _text(left - 6, floor, "0", "end")]
    base = [0] * len(labels)
    for number, (name, values) in enumerate(series):
        colour = COLOURS[number % len(COLOURS)]
        for at, value in enumerate(values):
            if value:
                height = value / most * (floor - 8)
                top = floor - (base[at] + value) / most * (floor - 8)
                drawn.append(
                    f'<rect x="{left + at * wide:.1f}" y="{top:.1f}" width="{max(wide - 0.4, 0.3):.1f}" '
                    f'height="{height:.1f}" fill="{colour}"><title>{escape(labels[at])}: {value:,} {escape(name)}'
                    "</title></rect>"
                )
            base[at] += value
        x, y = left + number % KEYS_A_LINE * 200, floor + 30 + number // KEYS_A_LINE * 18
        drawn.append(f'<rect x="{x}" y="{y}" width="10" height="10" fill="{colour}"/>')
        drawn.append(_text(x + 16, y + 10, name))
    for at, anchor in {0: "start", len(labels) // 2: "middle", len(labels) - 1: "end"}.items():
        if labels:
            drawn.append(_text(left + (at + 0.5) * wide, floor + 16, labels[at], anchor))
    return _svg(floor + 28 + -(-len(series) // KEYS_A_LINE) * 18, drawn)


def heat(rows: Sequence[str], columns: Sequence[str], values: Sequence[Sequence[int]]) -> str:
    """A field for each row and column, the fuller the darker."""
    most = max((value for row in values for value in row), default=0) or 1
    wide, left = 32, 60
    drawn = [_text(left + (at + 0.5) * wide, 14, label, "middle") for at, label in enumerate(columns)]
    for y, (label, row) in enumerate(zip(rows, values, strict=True)):
        drawn.append(_text(left - 6, 38 + y * 24, label, "end"))
        for x, value in enumerate(row):
            drawn.append(
                f'<rect x="{left + x * wide}" y="{22 + y * 24}" width="{wide - 2}" height="22" fill="{COLOURS[0]}" '
                f'fill-opacity="{0.04 + 0.96 * value / most:.3f}"><title>{escape(label)} {escape(columns[x])}: '
                f"{value:,}</title></rect>"
            )
    return _svg(28 + len(rows) * 24, drawn)


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}">{escape(words)}</text>'


def _svg(height: float, drawn: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" font-size="12" role="img" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(drawn)}</svg>'
    )
