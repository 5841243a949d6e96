"""Plots as plain SVG, so that they need no library and two runs can be compared line by line."""

from __future__ import annotations

from xml.sax.saxutils import escape

from benchmarks.results import Record

WIDTH, LABELS, BAR, GAP = 900, 430, 16, 8
OURS, OTHERS, WRONG = "#12708a", "#b9c4cc", "#c0392b"


def bars(record: Record) -> str:
    """Events a CPU-second, a bar for each result; wrong rows are red."""
    results = record.results
    highest = max((result.events_per_cpu_second for result in results), default=1) or 1
    height = 30 + len(results) * (BAR + GAP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        'font-family="sans-serif" font-size="12">',
        f'<text x="0" y="14" font-weight="bold">{escape(record.benchmark)}: a CPU-second</text>',
    ]
    for number, result in enumerate(results):
        top = 26 + number * (BAR + GAP)
        width = max(1, round((WIDTH - LABELS - 90) * result.events_per_cpu_second / highest))
        colour = WRONG if not result.rows_equal else OURS if result.engine == "tidemark" else OTHERS
        label = f"{result.engine}, {result.case}"
        lines += [
            f'<text x="{LABELS - 8}" y="{top + 12}" text-anchor="end">{escape(label[:66])}</text>',
            f'<rect x="{LABELS}" y="{top}" width="{width}" height="{BAR}" fill="{colour}"/>',
            f'<text x="{LABELS + width + 6}" y="{top + 12}">{result.events_per_cpu_second:,.0f}</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])
