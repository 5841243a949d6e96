"""`rule-costs`: where the time of an event goes, part by part, and what ten campaigns of one signal add to it.

The parts are those of a profile (cProfile, which makes small calls look dearer than they are), scaled to the CPU of a
run that nobody watched. What a built-in function takes belongs to whoever called it.
"""

from __future__ import annotations

import cProfile
import pstats
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.case import Benchmark, Case, Options
from benchmarks.many_campaigns import SIGNALS, campaign, config_of
from benchmarks.program import arguments, timed, told
from udfs.time import DAY

GENERATED = 50
NONE = "none"
# A module of ours is of the first part whose words begin its name.
PARTS: Mapping[str, tuple[str, ...]] = {
    "reading": ("avro_reader", "input_events", "wire", "segment_times", "vocabulary", "money", "events"),
    "ids": ("seen",),
    "ticks": ("shard", "memory_driver", "step"),
    "carts": ("carts", "cart_lines"),
    "signals": ("abandonment", "person", "listening", "signals", "campaign_rule", "sequence"),
    "governor": ("governor", "question", "live", "consent", "exits", "audience", "caps", "quiet", "zones", "salted"),
    "answers": ("answers", "decision", "outputs", "time"),
    "reach": ("reach",),
    "scores": ("scores", "score_sheet"),
    "segments": ("segment",),
    "facts": ("facts", "orders", "interests", "rfm"),
    "profile": ("profile",),
}
OTHER = "other"
Stats = Mapping[tuple[str, int, str], tuple[int, int, float, float, Mapping[tuple[str, int, str], Any]]]


def cases(options: Options) -> list[Case]:
    events, cores = options.events or 100_000, options.cores or 1
    program = ("benchmarks.rule_costs", "--events", "{events}")
    parts = [
        Case("tidemark", f"{job} as shipped, by part", (*program, "--job", job), events, cores=cores)
        for job in ("campaigns", "profiles")
    ]
    each = [
        Case("rules", f"ten campaigns of {signal}", (*program, "--signal", signal), max(events // 4, 1), cores=cores)
        for signal in SIGNALS
    ]
    alone = Case("rules", "no campaign", (*program, "--signal", NONE), max(events // 4, 1), cores=cores)
    return [*parts, alone, *each]


BENCHMARK = Benchmark("rule-costs", "microseconds of CPU an event, by part of the rules and by signal", 1_000, cases)


def of_signal(signal: str) -> dict[str, bytes]:
    """The configuration with the generated campaigns of one signal, or with none at all."""
    files = {path: content for path, content in config_of(0).items() if not path.startswith("campaigns/")}
    chosen = [number for number in range(GENERATED) if SIGNALS[number % len(SIGNALS)] == signal]
    return files | {f"campaigns/c{number:02}.toml": campaign(number).encode() for number in chosen}


def by_part(profile: cProfile.Profile) -> dict[str, float]:
    """Seconds in each part."""
    stats: Stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    parts: Counter[str] = Counter()
    for function, (_, _, own, _, callers) in stats.items():
        if not _is_builtin(function) or not callers:
            parts[part_of(function)] += own  # type: ignore[assignment]
            continue
        for caller, (_, _, theirs, _) in callers.items():
            parts[part_of(caller)] += theirs
    return dict(parts)


def part_of(function: tuple[str, int, str]) -> str:
    name = Path(function[0]).stem
    if function[2].startswith("read") and function[0] == "<string>":  # the lines that avro_reader makes
        return "reading"
    return next((part for part, words in PARTS.items() if name.startswith(words)), OTHER)


def _is_builtin(function: tuple[str, int, str]) -> bool:
    return function[0] == "~"


def main() -> None:
    said = arguments("job", "signal")
    if said.signal:
        _signal(said.signal, said.events)
    else:
        _parts(said.job, said.events)


def _parts(job: str, count: int) -> None:
    from benchmarks.right_outputs import story
    from benchmarks.shop_input import RUN_ON, usual_shop
    from connectors.input_events import read_event
    from connectors.topics import kind_of
    from udfs.events import Event

    sent = list(usual_shop(count))
    records = [(kind_of(one.topic), one.key, one.value, one.at, one.at) for one in sent]

    def work() -> Any:
        events = [event for record in records if isinstance(event := read_event(*record), Event)]
        return story(job, events, sent[-1].at + RUN_ON, DAY, 1)

    work()  # the first run makes what is kept for the next ones: parsed files, zones
    one, elapsed, cpu = timed(work)
    profile = cProfile.Profile()
    other = profile.runcall(work)
    seconds = by_part(profile)
    whole = sum(seconds.values())
    figures = {f"us_{part}": spent / whole * cpu / count * 1e6 for part, spent in seconds.items()}
    ranked = dict(sorted(figures.items(), key=lambda pair: -pair[1]))
    told(elapsed, cpu, rows_equal=_same(one, other), us_an_event=cpu / count * 1e6, **ranked)


def _signal(signal: str, count: int) -> None:
    from benchmarks.memory_driver import events_of
    from benchmarks.shop_input import FIRST, RUN_ON
    from udfs.campaign_config import campaign_rule
    from udfs.memory_driver import drive
    from udfs.time import MINUTE

    events = events_of(count)
    until = max(event.at for event in events) + RUN_ON
    run: Callable[..., Any] = lambda tick, shards: drive(  # noqa: E731
        campaign_rule(of_signal(signal), 0, FIRST), events, until, tick, shards
    )
    one, elapsed, cpu = timed(lambda: run(DAY, 1))
    same = _same(one, run(MINUTE, 4))
    told(elapsed, cpu, rows_equal=same, us_an_event=cpu / count * 1e6, outputs=len(one.emitted))


def _same(one: Any, other: Any) -> bool:
    return Counter(map(repr, one.emitted)) == Counter(map(repr, other.emitted))


if __name__ == "__main__":
    main()
