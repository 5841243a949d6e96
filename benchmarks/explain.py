"""`explain`: how long it takes to say why somebody got a mail, with a large archive behind it and nothing in Redis."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.case import Benchmark, Case, Options
from benchmarks.kept_archive import Story, made
from benchmarks.program import arguments, told

DECISIONS = 10_000_000


def cases(options: Options) -> list[Case]:
    events = options.events or DECISIONS
    return [
        Case(
            "tidemark",
            f"one person's story among {events:,} decisions, from the files",
            ("benchmarks.explain", "--events", "{events}"),
            events,
            cores=options.cores or 1,
            unit="decisions",
            note="`./tidemark explain PERSON --no-retell --all --json` of 60 people drawn by chance, one after "
            "another, each from the start of its process to its end; the rates are decisions over the median. "
            "The archive is drawn once, in some minutes and 1.5 GB, and kept under `.local/benchmarks`",
        )
    ]


BENCHMARK = Benchmark(
    "explain",
    "seconds from the question to the answer with 10 M decisions, 4 M records of sends, 5 M orders and 1 M clicks in "
    "the archive",
    2_000,
    cases,
)


def main() -> None:
    from benchmarks.runner import HOME

    said = arguments()
    folder, stories = made(HOME, said.events)
    with _stack(folder) as environment:
        _ask(next(iter(stories)), environment)  # the first one reads the code of the command from the disk
        before = _cpu_of_children()
        answers = {user: _ask(user, environment) for user in stories}
        cpu = (_cpu_of_children() - before) / len(answers)
    seconds = sorted(taken for taken, _ in answers.values())
    told(
        median(seconds),
        cpu,
        rows_equal={user: story for user, (_, story) in answers.items()} == stories,
        cpu_s=cpu,
        p50_s=median(seconds),
        p95_s=seconds[len(seconds) * 95 // 100],
        max_s=seconds[-1],
        archive_mb=sum(file.stat().st_size for file in folder.rglob("*.parquet")) / 1e6,
        files=sum(1 for _ in folder.rglob("*.parquet")),
    )


@contextmanager
def _stack(archive: Path) -> Iterator[dict[str, str]]:
    """As much of a stack as `explain` asks for: a Redis that knows nobody. What it is told of the rest is not used."""
    from local_stack import addresses, ports, processes, valkey

    with TemporaryDirectory(prefix="tidemark-explain-") as name:
        home = Path(name)
        try:
            with ports.reserved(lambda: None):
                port = ports.choose(ports.USUAL)
                addresses.write_ports(home, port)
                valkey.start(home, port["valkey"])
            plain = {name: said for name, said in os.environ.items() if not name.startswith("TIDEMARK_")}
            yield {**plain, "TIDEMARK_STACK": str(home), "TIDEMARK_ARCHIVE": str(archive)}
        finally:
            processes.stop(home, None)


def _ask(user: str, environment: dict[str, str]) -> tuple[float, Story]:
    """Seconds, and the moments of the story."""
    began = time.perf_counter()
    words = [sys.executable, "-m", "cli", "explain", user, "--no-retell", "--all", "--json"]
    answer = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=True)
    taken = time.perf_counter() - began
    return taken, sorted((moment["at"], moment["kind"]) for moment in json.loads(answer.stdout))


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
