"""The record of a benchmark: medians and spread of its runs, with machine, versions and commands, as JSON."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import msgspec

RESULTS = Path(__file__).parent / "results"


class Sample(msgspec.Struct, frozen=True):
    """One run: seconds of wall clock and CPU without start-up, the highest memory, and what else it told."""

    elapsed: float
    cpu: float
    peak_mb: float
    rows_equal: bool
    told: dict[str, float] = {}


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """An engine at a size; rates are medians, `spread` is (highest - lowest) / median of events_per_cpu_second."""

    engine: str
    case: str
    cores: int
    events: int
    unit: str
    events_per_second: float
    events_per_cpu_second: float
    peak_mb: float
    rows_equal: bool
    runs: int
    spread: float
    command: str
    figures: dict[str, float] = {}
    note: str = ""
    samples: list[Sample] = []


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` writes."""

    benchmark: str
    made: str
    machine: dict[str, str]
    versions: dict[str, str]
    command: str
    results: list[Result]
    not_measured: list[str] = []


def summary(
    *, engine: str, case: str, cores: int, events: int, counted: int, unit: str, command: str, note: str,
    samples: list[Sample],
) -> Result:  # fmt: skip
    """The medians of `samples`, each of which did `counted` events after start-up."""
    rates = [counted / sample.cpu if sample.cpu > 0 else 0.0 for sample in samples]
    middle = median(rates)
    return Result(
        engine=engine,
        case=case,
        cores=cores,
        events=events,
        unit=unit,
        events_per_second=round(median(counted / sample.elapsed if sample.elapsed > 0 else 0.0 for sample in samples)),
        events_per_cpu_second=round(middle),
        peak_mb=round(max(sample.peak_mb for sample in samples)),
        rows_equal=all(sample.rows_equal for sample in samples),
        runs=len(samples),
        spread=round((max(rates) - min(rates)) / middle, 3) if middle else 0.0,
        command=command,
        figures=_figures(samples),
        note=note,
        samples=samples,
    )


def _figures(samples: list[Sample]) -> dict[str, float]:
    names = dict.fromkeys(name for sample in samples for name in sample.told)
    return {
        name: float(f"{median(sample.told[name] for sample in samples if name in sample.told):.6g}") for name in names
    }


def write(record: Record, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")


def read(path: Path) -> Record:
    """msgspec.ValidationError if it is no such record, OSError if it is not there."""
    return msgspec.json.decode(path.read_bytes(), type=Record)


def known() -> list[Record]:
    """All records of the results folder, by name."""
    return [read(path) for path in sorted(RESULTS.glob("*.json"))]
