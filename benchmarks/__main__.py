"""`python -m benchmarks NAME | list | report | compare OLD NEW`: measure Tidemark beside others, and write it down."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from pathlib import Path

import msgspec

from benchmarks import compare, report, runner
from benchmarks.case import Options
from benchmarks.catalogue import BENCHMARKS
from benchmarks.results import RESULTS


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    made.add_argument("what", metavar="NAME", help="a benchmark, all, list, report or compare")
    made.add_argument("files", nargs="*", type=Path, help="for compare: two JSON files")
    made.add_argument("--events", type=_whole, help="how many events; default: each benchmark's own size")
    made.add_argument("--cores", type=_whole, help="how many cores the engines may use")
    made.add_argument("--runs", type=_whole, default=runner.RUNS, help="how often each is run (default 3)")
    made.add_argument("--peers", help="only these peers beside Tidemark, as in flink-sql,bytewax; none for nobody")
    made.add_argument("--json", type=Path, metavar="FILE", help="where to write (default benchmarks/results/NAME.json)")
    made.add_argument("--dry-run", action="store_true", help="print the commands of one round")
    return made


def main(words: list[str] | None = None) -> int:
    said = parser().parse_args(words)
    try:
        return _do(said, sys.argv[1:] if words is None else words)
    except KeyboardInterrupt:
        print("benchmarks: ended; nothing is left running", file=sys.stderr)
        return 130
    except (runner.BenchmarkError, OSError, msgspec.ValidationError, ValueError) as error:
        print(f"benchmarks: {error}", file=sys.stderr)
        return 1


def _do(said: argparse.Namespace, words: list[str]) -> int:
    if said.what == "list":
        for benchmark in BENCHMARKS.values():
            print(f"{benchmark.name:<16} {benchmark.about}")
    elif said.what == "report":
        report.write()
    elif said.what == "compare":
        if len(said.files) != 2:
            raise ValueError("compare wants two JSON files: python -m benchmarks compare OLD NEW")
        print(compare.table(*said.files))
    elif said.what == "all":
        return _all(said, words)
    elif said.what in BENCHMARKS:
        return _one(said.what, said, words)
    else:
        raise ValueError(f"{said.what!r} is no benchmark: choose one of {', '.join(BENCHMARKS)}, or all")
    return 0


def _all(said: argparse.Namespace, words: list[str]) -> int:
    wrong = max(_one(name, said, words) for name in BENCHMARKS)
    if not said.dry_run:
        report.write()
    return wrong


def _one(name: str, said: argparse.Namespace, words: list[str]) -> int:
    """0, or 2 if some engine's rows are wrong."""
    peers = None if said.peers is None else tuple(peer for peer in said.peers.split(",") if peer != "none")
    cases = BENCHMARKS[name].cases(Options(said.events, said.cores, peers))
    if said.dry_run:
        print("\n".join(runner.dry_run(cases)))
        return 0
    path = said.json or RESULTS / f"{name}.json"
    command = shlex.join(["python", "-m", "benchmarks", *words])
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: the servers go with it
    record = runner.run(BENCHMARKS[name], cases, said.runs, command, path)
    print(report.glance(record))
    print(f"Written to {path}.", file=sys.stderr)
    return 0 if all(result.rows_equal for result in record.results) else 2


def _whole(text: str) -> int:
    if not text.replace("_", "").isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


if __name__ == "__main__":
    raise SystemExit(main())
