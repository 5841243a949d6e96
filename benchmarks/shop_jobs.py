"""`profiles` and `campaigns`: the jobs as shipped, with Kafka, Redis and exactly-once output; what each rule costs."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache, partial
from random import Random
from typing import Any
from zlib import crc32

from benchmarks import servers
from benchmarks.case import Benchmark, Case, Check, Options
from benchmarks.shop_input import RUN_ON, SEED, STEP, Sent, shop
from udfs.time import SECOND

SHAKEN = 4 * SECOND  # less than the bound, so nothing is late
DOUBLED = 20  # one in so many is sent twice
TOLD, TRAITS = "told-", 20  # a namespace whose people come with so many traits of 128 bytes
AT_ONCE = 1_000_000  # events that the memory driver holds: people know nothing of each other, so they can take turns
EVENTS, START_UP = 150_000, 20_000
CAMPAIGNS_EVENTS = 600_000  # the campaigns do 150,000 in less time than two starts differ by


def of_job(job: str) -> Benchmark:
    """The benchmark of one of the two jobs."""

    def cases(options: Options) -> list[Case]:
        events, cores = options.events or (CAMPAIGNS_EVENTS if job == "campaigns" else EVENTS), options.cores or 1
        program = ("benchmarks.flink_job", "--events", "{events}", "--job", job, "--namespace", f"shop-{job}")
        start_up = min(START_UP, events // 4)
        shipped = Case("tidemark", "as shipped: 1 s, 16 shards", program, events, start_up, cores, check=check_of(job))
        minutes = Case(
            "tidemark", "long ticks: 60 s, 4 shards", program, events, start_up, cores,
            environment={"TIDEMARK_TICK": "1min", "TIDEMARK_SHARDS": "4"}, check=check_of(job),
        )  # fmt: skip
        return [shipped, minutes, *_rules(job, events, cores)]

    about = f"the job {job} as shipped: Kafka in, all rules, exactly-once output" + (", Redis" * (job == "profiles"))
    return Benchmark(job, about, 2_000, cases, ready)


def with_many(campaigns: int) -> Benchmark:
    """The campaigns job with so many generated campaigns, live, of all five signals."""

    def cases(options: Options) -> list[Case]:
        events, cores = options.events or EVENTS, options.cores or 1
        job = ("--job", "campaigns", "--namespace", "shop-campaigns", "--campaigns", str(campaigns))
        program = ("benchmarks.flink_job", "--events", "{events}", *job)
        check, start_up = check_of("campaigns", campaigns=campaigns), min(START_UP, events // 4)
        shipped = Case("tidemark", "1 s, 16 shards", program, events, start_up, cores, check=check)
        minutes = Case(
            "tidemark", "60 s, 4 shards", program, events, start_up, cores,
            environment={"TIDEMARK_TICK": "1min", "TIDEMARK_SHARDS": "4"}, check=check,
        )  # fmt: skip
        return [shipped, minutes]

    return Benchmark(
        f"campaigns-{campaigns}",
        f"the job campaigns with {campaigns} live campaigns of all five signals, no two alike",
        2_000,
        cases,
        ready,
    )


def _rules(job: str, events: int, cores: int) -> list[Case]:
    """The rules alone, with one file of the configuration after the other left out."""
    from connectors.config_files import read_config

    left_out = {"profiles": "segments/", "campaigns": "campaigns/"}[job]
    names = ["", *(path for path in read_config() if path.startswith(left_out))]
    program = ("benchmarks.memory_driver", "--events", "{events}", "--job", job)
    labels = ["rules alone", *(f"rules alone without {name}" for name in names[1:])]
    return [
        Case("rules", label, (*program, *(("--without", name) if name else ())), max(events // 5, 1), cores=cores)
        for name, label in zip(names, labels, strict=True)
    ]


@contextlib.contextmanager
def ready(cases: list[Case]) -> Iterator[Mapping[str, str]]:
    """The servers, with the input of every size."""
    from benchmarks.load import load

    with servers.around() as where:
        for case in cases:
            if "--namespace" in case.program:
                prefix = case.program[case.program.index("--namespace") + 1]
                for events in filter(None, (case.start_up, case.events)):
                    people = int(prefix.rpartition("-")[2]) if prefix.startswith(("grow-", TOLD)) else events // 20 + 1
                    traits = TRAITS if prefix.startswith(TOLD) else 0
                    load(where.kafka, f"{prefix}-{events}", partial(shaken, events, people, traits))
        yield where.environment()


@lru_cache(maxsize=1)
def shaken(events: int, people: int, traits: int = 0) -> list[Sent]:
    """The shop's records in the order of their arrival, some of them twice, none later than the bound."""
    dice = Random(SEED)
    records = list(shop(events, people, STEP, traits=traits))
    arriving = [(sent.at + dice.randrange(SHAKEN), sent) for sent in records]
    arriving += [(at + dice.randrange(SHAKEN - (at - sent.at)), sent) for at, sent in arriving[::DOUBLED]]
    return [sent for _, sent in sorted(arriving, key=lambda pair: pair[0])][:events]


@cache
def _right(job: str, events: int, people: int, campaigns: int, traits: int) -> tuple[Counter[tuple[str, bytes]], int]:
    """Every output record of the memory driver, and how many people it remembers."""
    from benchmarks import right_outputs
    from connectors.input_events import read_event
    from connectors.topics import kind_of
    from udfs.events import Event

    records, turns = shaken(events, people, traits), events // AT_ONCE + 1
    stop_at = max(sent.at for sent in records) + RUN_ON
    outputs: Counter[tuple[str, bytes]] = Counter()
    remembered = 0
    for turn in range(turns):
        theirs = (sent for sent in records if crc32(sent.key) % turns == turn)
        read = [read_event(kind_of(sent.topic), sent.key, sent.value, sent.at, sent.at) for sent in theirs]
        told = [event for event in read if isinstance(event, Event)]
        said, known = right_outputs.said(job, told, stop_at, campaigns)
        outputs += said
        remembered += known
    return outputs, remembered


def check_of(job: str, among: int | None = None, campaigns: int = 0, traits: int = 0) -> Check:
    """Compares the committed outputs with the memory driver's; `among` is how many people there may be.

    With `campaigns`, so many generated ones were live in the place of those that are shipped; `traits` are a person's.
    """

    def check(told: dict[str, Any], events: int, environment: Mapping[str, str]) -> str:
        right, people = _right(job, events, among or events // 20 + 1, campaigns, traits)
        got = committed(environment["TIDEMARK_KAFKA"], told.pop("starts"))
        wrong = [] if got == right else [f"{(right - got).total()} outputs missing, {(got - right).total()} too many"]
        if job == "profiles" and told["people"] != people:
            wrong.append(f"{told['people']:.0f} people in Redis instead of {people}")
        told["outputs"], told["people_remembered"] = got.total(), people
        if "state_mb" in told:
            told["state_bytes_a_person"] = told["state_mb"] * 2**20 / people
        return "; ".join(wrong)

    return check


def committed(kafka: str, starts: dict[str, int]) -> Counter[tuple[str, bytes]]:
    """Topic and value of all that was committed behind `starts` (topic/partition: offset)."""
    from kafka import TopicPartition

    from connectors import broker

    reader = broker.consumer(kafka)
    try:
        begins = {
            TopicPartition(name.rpartition("/")[0], int(name.rpartition("/")[2])): start
            for name, start in starts.items()
        }
        found = broker.read_between(reader, begins, reader.end_offsets(list(begins)))
        return Counter((record.topic.rpartition(".")[2], record.value) for record in found)
    finally:
        reader.close()
