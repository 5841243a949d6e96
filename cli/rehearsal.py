"""Runs campaigns over files of history in processes side by side; what they decide comes back in one order."""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from connectors.history import Batch, History, Read, events_of, join, parts, read_part
from udfs.campaign_config import campaign_rule
from udfs.events import Event
from udfs.memory_driver import drive
from udfs.news import News
from udfs.outputs import Decision
from udfs.rehearsal_brakes import Flow, flow_of
from udfs.rehearsal_waits import WaitRow, about_carts, added, orders_of, own_waits, rows, with_carts, with_wait
from udfs.seen import NothingTwice, SeenIds
from udfs.shard import in_turn
from udfs.time import DAY, Millis

Files = Mapping[str, bytes]
Advance = Callable[[int], None]
T = TypeVar("T")

AT_ONCE: Millis = 400 * DAY  # the longer the tick, the less there is between the events of a person

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Decision)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is decided, from when to when (event time, ms): events lie in [since, until), the clock stops at `stop_at`.

    `variants` are configurations, decided one beside the other; `waits` are tried with the first of them. With `drafts`
    they decide as if they were live. `news` are what was published meanwhile.
    """

    variants: tuple[Files, ...]
    live_from: Millis
    history_from: Millis
    stop_at: Millis
    since: Millis | None = None
    until: Millis | None = None
    waits: tuple[Millis, ...] = ()
    drafts: bool = False
    news: tuple[News, ...] = ()


class Decided(NamedTuple):
    """One shard's decisions, a file for each variant; and what was counted on the way, with when people ordered."""

    runs: list[Path]
    events: int
    duplicates: int
    waits: list[WaitRow]
    flow: Flow


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The end of a rehearsal; `runs` are by variant."""

    runs: list[list[Path]]
    events: int
    duplicates: int
    waits: list[WaitRow]
    flows: list[Flow]

    def decisions(self, variant: int = 0) -> Iterator[Decision]:
        """By time; those of one instant by person, campaign, cart and step."""
        return heapq.merge(*map(_read_run, self.runs[variant]), key=_place)


def read_history(files: Sequence[str], bound: Millis, home: Path, pool: Executor | None, advance: Advance) -> History:
    """Read the files into `home`, telling `advance` how many bytes are done; OSError if one cannot be read."""
    all_parts = parts(files)
    calls = [(part, home / f"{number:05}.events") for number, part in enumerate(all_parts)]
    reads: list[Read] = _all(pool, read_part, calls, lambda number: advance(all_parts[number].size))
    return join(reads, bound)


def rehearse(history: History, terms: Terms, home: Path, pool: Executor | None, advance: Advance) -> Rehearsed:
    """Decide everything, telling `advance` how many shards are done."""
    shards = sorted(history.batches)
    calls = [(history.batches[shard], terms, home / f"{shard:03}") for shard in shards]
    done: list[Decided] = _all(pool, decide_shard, calls, lambda _: advance(1))
    runs = [[one.runs[variant] for one in done] for variant in range(len(terms.variants))]
    totals = sum(one.events for one in done), sum(one.duplicates for one in done)
    return Rehearsed(runs, *totals, added(one.waits for one in done), [one.flow for one in done])


def decide_shard(batches: Sequence[Batch], terms: Terms, out: Path) -> Decided:
    """Run every variant over the people of a shard and write its decisions in order."""
    events = [event for event in events_of(batches) if _within(event.at, terms)]
    seen = SeenIds()
    new = seen.new_among(sorted(events, key=in_turn))
    runs: list[Path] = []
    waits: list[WaitRow] = []
    for number, files in enumerate(terms.variants):
        decisions = _decide(files, new, terms)
        runs.append(out.with_suffix(f".{number}.jsonl"))
        runs[-1].write_bytes(b"".join(_encoder.encode(told) + b"\n" for told in sorted(decisions, key=_place)))
        if number == 0 and terms.waits:
            waits = _tried(terms, new, decisions)
    return Decided(runs, len(events), seen.duplicates, waits, flow_of(events))


def people_at_once() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def processes(count: int) -> Iterator[Executor | None]:
    """A pool of so many, None for one: that is this process itself."""
    if count < 2:
        yield None
        return
    with ProcessPoolExecutor(count, get_context("spawn")) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _decide(files: Files, events: Sequence[Event], terms: Terms) -> list[Decision]:
    rule = campaign_rule(files, terms.live_from, terms.history_from, terms.drafts)
    story = drive(rule, events, terms.stop_at, tick=AT_ONCE, shards=1, news=terms.news, seen=NothingTwice)
    return [told for told in story.emitted if isinstance(told, Decision)]


def _tried(terms: Terms, events: Sequence[Event], decisions: Sequence[Decision]) -> list[WaitRow]:
    """A run for each wait; the one that the campaigns have is decided already."""
    campaigns, waiting = _waiting(tuple(terms.variants[0].items()), terms.waits)
    if not campaigns:
        return []
    theirs = with_carts(events)
    orders = orders_of(theirs)
    return [
        row
        for wait, files in zip(terms.waits, waiting, strict=True)
        for row in rows(_decide(files, theirs, terms) if files else decisions, campaigns, orders, wait)
    ]


@lru_cache(maxsize=1)
def _waiting(
    campaigns: tuple[tuple[str, bytes], ...], waits: tuple[Millis, ...]
) -> tuple[frozenset[str], tuple[Files | None, ...]]:
    """Who waits beside a cart, and the configuration with each of the waits; None if that is their own."""
    files = dict(campaigns)
    known = own_waits(files)
    return about_carts(files), tuple(None if known == {wait} else with_wait(files, wait) for wait in waits)


def _within(at: Millis, terms: Terms) -> bool:
    return (terms.since is None or terms.since <= at) and (terms.until is None or at < terms.until)


def _place(told: Decision) -> tuple[Millis, str, str, str, int, str]:
    return told.at, told.user_id, told.campaign, told.cart_id or "", told.step, told.decision_id


def _read_run(run: Path) -> Iterator[Decision]:
    with run.open("rb") as lines:
        yield from map(_decoder.decode, lines)


def _all(pool: Executor | None, work: Callable[..., T], calls: Sequence[tuple[Any, ...]], done: Advance) -> list[T]:
    """The results in the order of `calls`; `done` hears of each call when it is."""
    if pool is None:
        results = []
        for number, call in enumerate(calls):
            results.append(work(*call))
            done(number)
        return results
    futures = {pool.submit(work, *call): number for number, call in enumerate(calls)}
    for future in as_completed(futures):
        future.result()
        done(futures[future])
    return [future.result() for future in futures]
