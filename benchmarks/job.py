"""`job` and its parts: the shared job on Tidemark and on its peers, over the same events.

Decode, drop what came twice, sums in windows of five minutes that slide by one, sessions with a gap of ten. Tidemark
reads Kafka and writes it exactly once, with effective time, coordinates, 24 hours of message ids, RocksDB and a
checkpoint every two seconds; the peers read a file and keep their rows or write them to files.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import oracle, stream_input
from benchmarks.case import Benchmark, Case, Options
from benchmarks.runner import HOME, say

MILLION = 1_000_000
START_UP = 20_000
LONG = ("60 s ticks, 4 shards", "--tick", "60000", "--shards", "4")
SHIPPED = ("as shipped: 1 s ticks, 16 shards", "--tick", "1000", "--shards", "16")
LACKS = "no event-time close, no sessions, no deduplication: the last two by hand, windows read out at the end"
LINES = HOME / "data" / "lines-{events}.jsonl"
ROWS = HOME / "rows"
PEERS: dict[str, tuple[str, str, str]] = {  # module, mode, note
    "flink-sql": ("flink_sql", "", "state on the heap, no checkpoints, file in and files out, our options for Java"),
    "bytewax": ("bytewax_flow", "", "frozen clock, file in, rows kept in memory"),
    "faust": ("faust_flow", "", LACKS),
    "pyflink-thread": ("pyflink_datastream", "thread", "state on the heap, no checkpoints, file in and files out"),
    "pyflink-process": ("pyflink_datastream", "process", "the same; PyFlink's default mode"),
}
OWN_ENVIRONMENT = ("bytewax", "faust")


def tidemark(size: tuple[str, ...], events: int, start_up: int = START_UP, cores: int = 1, label: str = "") -> Case:
    """The production halves at one tick length and number of shards."""
    words = ("--events", "{events}", *size[1:], "--parallelism", str(cores), "--rows", str(ROWS / f"tidemark-{cores}"))
    return Case(
        "tidemark", label or size[0], ("benchmarks.shared.tidemark_job", *words), events, min(start_up, events // 2),
        cores, check=_check,
    )  # fmt: skip


def peer(name: str, events: int, start_up: int = START_UP) -> Case:
    """A peer over the lines of the same events, on one core."""
    from benchmarks import environments

    module, mode, note = PEERS[name]
    words = ("--lines", str(LINES), "--events", "{events}", "--mode", mode, "--rows", str(ROWS / name))
    python = environments.python_of(name) if name in OWN_ENVIRONMENT else sys.executable
    program = (f"benchmarks.peers.{module}", *words)
    start_up = min(start_up, events // 2)
    return Case(name, "the same events", program, events, start_up, 1, python, note=note, check=_check)


def _check(told: dict[str, Any], events: int, environment: Mapping[str, str]) -> str:
    return oracle.differences(str(told.pop("rows")), events, HOME / "data")


def _chosen(options: Options, *names: str) -> list[str]:
    """The peers that were asked for; those of the benchmark if nobody said."""
    if options.peers is None:
        return list(names)
    if unknown := set(options.peers) - set(PEERS):
        raise ValueError(f"{', '.join(sorted(unknown))}: there is no such peer, choose of {', '.join(PEERS)}")
    return list(options.peers)


def _long(options: Options) -> list[Case]:
    events = options.events or MILLION
    cores = [options.cores] if options.cores else [1, 2]
    ours = [tidemark(LONG, events, cores=count) for count in cores]
    return [*ours, *(peer(name, events) for name in _chosen(options, "flink-sql"))]


def _bytewax(options: Options) -> list[Case]:
    events = options.events or 3 * MILLION // 10  # half a minute of Bytewax
    return [tidemark(LONG, events), *(peer(name, events) for name in _chosen(options, "bytewax"))]


def _steady(options: Options) -> list[Case]:
    events = options.events or 5 * MILLION
    return [tidemark(LONG, events, events // 5, options.cores or 1, f"{LONG[0]}, steady: without the first fifth")]


def _shipped(options: Options) -> list[Case]:
    return [tidemark(SHIPPED, options.events or MILLION // 4, cores=options.cores or 1)]


def _python(options: Options) -> list[Case]:
    events = options.events or MILLION // 10
    peers = _chosen(options, "faust", "pyflink-thread")
    return [tidemark(LONG, events), *(peer(name, events) for name in peers)]


def _process(options: Options) -> list[Case]:
    events = options.events or MILLION // 10
    peers = [peer(name, events, 1_000) for name in _chosen(options, "pyflink-process")]  # 20,000 would take minutes
    return [tidemark(LONG, events), *peers]


@contextlib.contextmanager
def ready(cases: list[Case]) -> Iterator[Mapping[str, str]]:
    """The peers' environments and lines; Kafka with the input of every size."""
    from benchmarks import environments, servers
    from benchmarks.load import checksum_fast, clear
    from benchmarks.shared.load import load, namespace

    for case in cases:
        if case.engine in OWN_ENVIRONMENT:
            environments.make(case.engine)
        if case.engine != "tidemark":
            for events in filter(None, (case.start_up, case.events)):
                stream_input.write_lines(events, HOME / "data" / LINES.name.format(events=events))
    ROWS.mkdir(parents=True, exist_ok=True)
    checksum_fast()
    with servers.around() as where:
        for case in cases:
            if case.engine == "tidemark":
                for events in filter(None, (case.start_up, case.events)):
                    done = servers.STACK / "loaded" / namespace(events)
                    if done.is_file():
                        continue
                    say(f"Loading {events:,} events into Kafka ...")
                    clear(where.kafka, namespace(events))
                    rows = (row for block in stream_input.blocks(events) for row in block.iter_rows(named=True))
                    load(where.kafka, rows, events)
                    done.parent.mkdir(parents=True, exist_ok=True)
                    done.touch()
        yield where.environment()


BENCHMARKS = (
    Benchmark("job", "the shared job in long ticks, beside Flink SQL", 20_000, _long, ready),
    Benchmark("job-bytewax", "the shared job in long ticks, beside Bytewax", 20_000, _bytewax, ready),
    Benchmark("job-steady", "the shared job from one million events to five", 20_000, _steady, ready),
    Benchmark("job-shipped", "the shared job in ticks of a second, 16 shards", 20_000, _shipped, ready),
    Benchmark(
        "job-process",
        "the shared job beside PyFlink as it comes, in process mode",
        20_000,
        _process,
        ready,
        (
            "To Tidemark 100,000 events are little more than its start, so its row here is as uncertain as its spread "
            "says: see `job`.",
        ),
    ),
    Benchmark("job-python", "the shared job beside Faust and PyFlink in thread mode", 20_000, _python, ready),
)
