"""Two records of a benchmark side by side, as ratios."""

from __future__ import annotations

from pathlib import Path

from benchmarks.results import read


def table(old: Path, new: Path) -> str:
    """A line for each engine and case that both have: events a CPU-second then and now, and how many times as fast."""
    before, after = read(old), read(new)
    if before.benchmark != after.benchmark:
        raise ValueError(f"{old} is of {before.benchmark}, {new} of {after.benchmark}: compare two of one benchmark")
    then = {(result.engine, result.case, result.events, result.cores): result for result in before.results}
    lines = [f"{'engine':<18} {'case':<52} {'old':>12} {'new':>12} {'ratio':>7} {'memory':>7}"]
    for result in after.results:
        past = then.get((result.engine, result.case, result.events, result.cores))
        if past is None:
            continue
        speed = result.events_per_cpu_second / past.events_per_cpu_second if past.events_per_cpu_second else 0.0
        memory = result.peak_mb / past.peak_mb if past.peak_mb else 0.0
        wrong = "" if result.rows_equal and past.rows_equal else "  rows differ"
        lines.append(
            f"{result.engine:<18} {result.case:<52} {past.events_per_cpu_second:>12,.0f} "
            f"{result.events_per_cpu_second:>12,.0f} {speed:>7.2f} {memory:>7.2f}{wrong}"
        )
    return "\n".join(lines)
