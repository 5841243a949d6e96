"""docs/performance.md and its plots, made of the records in benchmarks/results and of nothing else."""

from __future__ import annotations

from pathlib import Path

from benchmarks import plots, results
from benchmarks.catalogue import BENCHMARKS, met, targets_of
from benchmarks.results import Record, Result

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"

HEAD = """# Performance

Made by `python -m benchmarks report` from the files in `benchmarks/results`; a test compares them. Every engine of a
table ran over the same events, in turns, and its rows were compared with an answer that was computed apart: **a row
that says WRONG is no speed**. A rate is the median of the runs, with (highest - lowest) / median behind it. CPU-seconds
are those of the whole process tree, start-up taken off by a run over fewer events; memory is proportional (PSS), of the
tree as well, at its highest.

`make bench` measures everything again. Each name is a record of its own, written after every round of its runs.

| command | |
|---|---|
| `python -m benchmarks list` | the names, and what each shows |
| `python -m benchmarks NAME` | one of them, or `all` |
| `python -m benchmarks report` | this page and its plots from the records |
| `python -m benchmarks compare OLD NEW` | two records as ratios |

| option | |
|---|---|
| `--events N` | another size than the benchmark's own |
| `--cores K` | how many cores the engines may use |
| `--runs R` | how often each engine is run (3) |
| `--peers a,b` | only these beside Tidemark; `none` for nobody |
| `--json FILE` | where the record goes, instead of `benchmarks/results` |
| `--dry-run` | print the commands, run nothing |

The peers are `flink-sql`, `bytewax`, `faust`, `pyflink-thread` and `pyflink-process`. They get environments of their
own under `.local/benchmarks`, from hashed requirements in `benchmarks/peers`; Flink SQL and PyFlink's DataStream run in
the project's own, on the same Flink.
"""


def write() -> None:
    """Write page and plots."""
    for path, text in pages(results.known()).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def pages(records: list[Record]) -> dict[Path, str]:
    """The page and each plot, by path."""
    ordered = [record for name in BENCHMARKS for record in records if record.benchmark == name]
    made = {PLOTS / f"{record.benchmark}.svg": plots.plot(record) for record in ordered}
    absent = [name for name in BENCHMARKS if name not in {record.benchmark for record in ordered}]
    page = [HEAD, _targets(ordered), *(_section(record) for record in ordered), _not_measured(ordered, absent)]
    return {**made, PAGE: "\n".join(page)}


def glance(record: Record) -> str:
    """The same in a terminal."""
    return "\n".join(
        f"{result.engine:<18} {result.case:<54} {result.events_per_cpu_second:>11,.0f} {result.unit} a CPU-s  "
        f"{result.events_per_second:>11,.0f}/s  {result.peak_mb:>6,.0f} MB  {_verdict(record, result)}"
        for result in record.results
    )


def _verdict(record: Record, result: Result) -> str:
    if not result.rows_equal:
        return "WRONG: rows differ"
    told = [
        f"{'met' if met(target, record, result) else 'missed'}: {target.of(record, result):,.6g} {target.what}, "
        f"{'at least' if target.least else 'at most'} {target.value:,g}"
        for target in targets_of(record, result)
    ]
    return "; ".join(told)


def _targets(records: list[Record]) -> str:
    lines = ["## Targets\n", "| benchmark | case | asked | measured | |", "|---|---|---:|---:|---|"]
    for record in records:
        for result in record.results:
            for target in targets_of(record, result):
                asked = f"{'at least' if target.least else 'at most'} {target.value:,g} {target.what}"
                verdict = "met" if met(target, record, result) else "**missed**"
                lines.append(
                    f"| {record.benchmark} | {result.case} | {asked} | {target.of(record, result):,.6g} | {verdict} |"
                )
    return "\n".join(lines) + "\n"


def _section(record: Record) -> str:
    machine = record.machine
    lines = [
        f"## {record.benchmark}\n",
        f"{_sentence(BENCHMARKS[record.benchmark].about)} Measured {record.made} on {machine['cores']} cores of "
        f"{machine['processor']}, {machine['memory_mb']} MB, {machine['system']}, "
        f"load {machine['load_before']} before; "
        f"{', '.join(f'{name} {version}' for name, version in record.versions.items())}.\n",
        f"![{record.benchmark}](performance/{record.benchmark}.svg)\n",
        "| engine | case | cores | size | a CPU-second | a second | MB | rows | runs, spread | more |",
        "|---|---|---:|---:|---:|---:|---:|---|---|---|",
        *(_row(result) for result in record.results),
    ]
    notes = [f"{result.engine}: {result.note}" for result in record.results if result.note]
    lines += ["", *(f"- {note}" for note in dict.fromkeys(notes))] if notes else []
    commands = dict.fromkeys(result.command for result in record.results)
    lines += ["", f"`{record.command}`, which ran", "", "```text", *commands, "```", ""]
    return "\n".join(lines)


def _row(result: Result) -> str:
    more = ", ".join(f"{name.replace('_', ' ')} {value:,.6g}" for name, value in result.figures.items())
    return (
        f"| {result.engine} | {result.case} | {result.cores} | {result.events:,} {result.unit} "
        f"| {result.events_per_cpu_second:,.0f} | {result.events_per_second:,.0f} | {result.peak_mb:,.0f} "
        f"| {'equal' if result.rows_equal else '**WRONG**'} | {result.runs}, {result.spread:.0%} | {more} |"
    )


def _not_measured(records: list[Record], absent: list[str]) -> str:
    lines = ["## Not measured\n"]
    lines += [f"- {name}: no run of it is on record." for name in absent]
    lines += [f"- {record.benchmark}: {sentence}" for record in records for sentence in record.not_measured]
    lines += [
        "- More than one machine, more than two cores, a broker or a Redis on another machine, Redis Cluster, and any "
        "other processor than the one named above."
    ]
    return "\n".join(lines) + "\n"


def _sentence(about: str) -> str:
    return f"{about[0].upper()}{about[1:]}."
