"""Runs the cases of a benchmark side by side: every engine once, then every engine again."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import machine, process_tree
from benchmarks.case import Benchmark, Case
from benchmarks.results import Record, Result, Sample, summary, write

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".local" / "benchmarks"
RUNS = 3
PREFIX = "RESULT "

Say = Callable[[str], None]


class BenchmarkError(RuntimeError):
    """A run that could not be measured; the message says which and where its words are."""


class Measured(NamedTuple):
    """One program over one number of events."""

    elapsed: float
    cpu: float
    peak_mb: float
    told: dict[str, Any]


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def dry_run(cases: list[Case]) -> list[str]:
    """The commands of one round, in their order."""
    return [case.line(events) for case, events in _programs(cases)]


def run(benchmark: Benchmark, cases: list[Case], runs: int, command: str, path: Path, say: Say = say) -> Record:
    """Measure in rounds and write what is known after each of them to `path`, so that a stop loses one round only."""
    samples: dict[int, list[Sample]] = {number: [] for number in range(len(cases))}
    before = machine.machine()
    with benchmark.ready(cases) if benchmark.ready else nullcontext({}) as environment:
        for turn in range(runs):
            measured = _round(benchmark.name, cases, environment, turn, say)
            for number, case in enumerate(cases):
                samples[number].append(_sample(case, measured))
            results = [_result(case, samples[number]) for number, case in enumerate(cases)]
            record = Record(
                benchmark=benchmark.name,
                made=datetime.now(UTC).isoformat(timespec="seconds"),
                machine=before,
                versions=machine.versions(),
                command=command,
                results=results,
                not_measured=list(benchmark.not_measured),
            )
            write(record, path)
    return record


Key = tuple[tuple[str, ...], int]


def _key(case: Case, events: int) -> Key:
    return (case.python, str(sorted(case.environment.items())), *case.command(events)), events


def _programs(cases: list[Case]) -> Iterator[tuple[Case, int]]:
    """Each program and size once, also where one case's run is another one's start-up."""
    seen: set[Key] = set()
    for case in cases:
        for events in (case.start_up, case.events):
            if events and _key(case, events) not in seen:
                seen.add(_key(case, events))
                yield case, events


def _round(name: str, cases: list[Case], environment: Mapping[str, str], turn: int, say: Say) -> dict[Key, Measured]:
    found: dict[Key, Measured] = {}
    for case, events in _programs(cases):
        began = time.monotonic()
        measured = found[_key(case, events)] = _measure(name, case, events, environment)
        wrong = "" if _equal(measured) else "   ROWS DIFFER"
        say(
            f"{name} {turn + 1}: {case.engine} {case.label}, {events:,} {case.unit}: {measured.elapsed:.2f} s, "
            f"{measured.cpu:.2f} CPU-s, {measured.peak_mb:.0f} MB ({time.monotonic() - began:.0f} s in all){wrong}"
        )
    return found


def _measure(name: str, case: Case, events: int, environment: Mapping[str, str]) -> Measured:
    log = HOME / "logs" / f"{name}.log"
    used = process_tree.run(case.command(events), {**environment, **case.environment}, log)
    lines = [line for line in used.told.splitlines() if line.startswith(PREFIX)]
    if used.code or not lines:
        raise BenchmarkError(
            f"{case.engine} {case.label} over {events:,} {case.unit} ended with code {used.code} and "
            f"{'no' if not lines else 'a'} result: see the end of {log}, or run it yourself:\n"
            f"  {case.line(events)}"
        )
    told: dict[str, Any] = json.loads(lines[-1].removeprefix(PREFIX))
    if case.check is not None:
        told["rows_equal"] = not (wrong := case.check(told, events, environment))
        if wrong:
            say(f"{case.engine} {case.label}: {wrong}")
    cpu = told.pop("cpu", None)
    after = told.pop("cpu_after", 0.0)  # what the program spent on writing its rows down for us
    return Measured(told.pop("elapsed"), used.cpu - after if cpu is None else cpu, used.peak_mb, told)


def _equal(measured: Measured) -> bool:
    return bool(measured.told.get("rows_equal", False))


def _sample(case: Case, measured: dict[Key, Measured]) -> Sample:
    whole = measured[_key(case, case.events)]
    start = measured[_key(case, case.start_up)] if case.start_up else Measured(0.0, 0.0, 0.0, {"rows_equal": True})
    told = {name: float(value) for name, value in whole.told.items() if isinstance(value, (int, float))}
    told.pop("rows_equal", None)
    return Sample(
        round(whole.elapsed - start.elapsed, 4),
        round(whole.cpu - start.cpu, 4),
        round(whole.peak_mb, 1),
        _equal(whole) and _equal(start),
        told,
    )


def _result(case: Case, samples: list[Sample]) -> Result:
    return summary(
        engine=case.engine,
        case=case.label,
        cores=case.cores,
        events=case.events,
        counted=case.events - case.start_up,
        unit=case.unit,
        command=case.line(case.events).replace(f"{ROOT}/", ""),
        note=case.note,
        samples=samples,
    )
