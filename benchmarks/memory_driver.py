"""`memory-driver`: the rules of a job over a list of events without Flink, as a backtest runs them."""

from __future__ import annotations

from collections import Counter

from benchmarks.case import Benchmark, Case, Options
from benchmarks.program import arguments, timed, told
from benchmarks.shop_input import RUN_ON, usual_shop
from udfs.events import Event
from udfs.time import DAY, MINUTE

MANY = 50
JOBS = ("campaigns", "profiles")


def cases(options: Options) -> list[Case]:
    events = options.events or 200_000
    program, cores = ("benchmarks.memory_driver", "--events", "{events}", "--job"), options.cores or 1
    many = (*program, "campaigns", "--campaigns", str(MANY))
    return [
        *(Case("tidemark", f"{job}, all shipped rules", (*program, job), events, cores=cores) for job in JOBS),
        Case("tidemark", f"campaigns, {MANY} generated and live", many, max(events // 4, 1), cores=cores),
    ]


BENCHMARK = Benchmark("memory-driver", "the rules over a list of events, what backtests run on", 1_000, cases)


def events_of(count: int) -> list[Event]:
    """So many checked events of a shop with a person for every twenty."""
    from connectors.input_events import read_event
    from connectors.topics import kind_of

    read = [read_event(kind_of(sent.topic), sent.key, sent.value, sent.at, sent.at) for sent in usual_shop(count)]
    return [event for event in read if isinstance(event, Event)]


def main() -> None:
    from benchmarks.right_outputs import story

    said = arguments("job", "without", "campaigns")
    events, many = events_of(said.events), int(said.campaigns or 0)
    stop_at = max(event.at for event in events) + RUN_ON
    one, elapsed, cpu = timed(lambda: story(said.job, events, stop_at, DAY, 1, said.without, many))
    other = story(said.job, events, stop_at, MINUTE // 6, 7, said.without, many)
    same = Counter(map(repr, one.emitted)) == Counter(map(repr, other.emitted)) and one.states == other.states
    told(elapsed, cpu, rows_equal=same and len(events) == said.events, outputs=len(one.emitted))


if __name__ == "__main__":
    main()
