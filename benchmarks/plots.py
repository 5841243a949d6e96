"""Plots as plain SVG, so that they need no library and two runs can be compared line by line."""

from __future__ import annotations

from xml.sax.saxutils import escape

from benchmarks.results import Record

WIDTH, LABELS, BAR, GAP = 900, 430, 16, 8
OURS, OTHERS, WRONG = "#12708a", "#b9c4cc", "#c0392b"


def plot(record: Record) -> str:
    """A curve where there is one to be seen, else bars."""
    return curve(record) if record.benchmark.startswith("grow") and len(record.results) > 1 else bars(record)


def curve(record: Record) -> str:
    """Events a CPU-second over the number of events, with state and checkpoints at each point."""
    results = sorted(record.results, key=lambda result: result.events)
    most = max(result.events for result in results)
    highest = max(result.events_per_cpu_second for result in results) or 1
    places = [
        (60 + round(640 * result.events / most), 230 - round(170 * result.events_per_cpu_second / highest))
        for result in results
    ]
    line = " ".join(f"{x},{y}" for x, y in places)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="290" '
        'font-family="sans-serif" font-size="12">',
        f'<text x="0" y="14" font-weight="bold">{escape(record.benchmark)}: a CPU-second, by events</text>',
        '<path d="M60 30V230H740" fill="none" stroke="#888"/>',
        f'<polyline points="{line}" fill="none" stroke="{OURS}" stroke-width="2"/>',
    ]
    for (x, y), result in zip(places, results, strict=True):
        told = result.figures
        lines += [
            f'<circle cx="{x}" cy="{y}" r="4" fill="{OURS if result.rows_equal else WRONG}"/>',
            f'<text x="{x}" y="{y - 10}" text-anchor="middle">{result.events_per_cpu_second:,.0f}</text>',
            f'<text x="{x}" y="248" text-anchor="middle">{result.events:,}</text>',
            f'<text x="{x}" y="264" text-anchor="middle">state {told.get("state_mb", 0):,.0f} MB</text>',
            f'<text x="{x}" y="280" text-anchor="middle">checkpoint {told.get("checkpoint_max_s", 0):.1f} s</text>',
        ]
    return "\n".join([*lines, "</svg>", ""])


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
