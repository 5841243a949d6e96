"""The operator under a stub of Flink says what the memory driver says, however time jumps and whatever breaks off."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.config_files import read_config, read_texts
from connectors.coordinates import OFFSET_BITS, TOPIC_SHIFT
from connectors.effective_time import Marks
from connectors.input_events import read_event
from connectors.news_records import read_news
from connectors.person_log import partition_of
from connectors.records import Record
from connectors.settings import Settings
from connectors.topics import BY_NAME, INPUTS
from connectors.wire import encode
from tests.disturb import Sent
from tests.streams import BEGIN, MOVES, Move, told
from tests.unit.flink_stub import Read, StubFlink, ticks_of
from udfs.campaign_config import campaign_rule
from udfs.campaign_rule import CampaignRule
from udfs.events import Event, Kind
from udfs.memory_driver import Story, drive
from udfs.news import News
from udfs.operators.border import Border
from udfs.operators.counters import Counters
from udfs.operators.rule_shard import RuleShards
from udfs.operators.tick_operator import END_OF_TIME, TickOperator
from udfs.person import Person
from udfs.profile_config import load
from udfs.profile_rule import ProfileRule
from udfs.profile_state import ProfileState
from udfs.time import DAY, HOUR, MINUTE, SECOND, Millis

BOUND: Millis = 5 * SECOND
RUN_ON: Millis = 45 * DAY
PARTITIONS = 2
TICKS = st.sampled_from([SECOND, 30 * SECOND, MINUTE])
SHARDS = st.sampled_from([1, 4, 16])
OFFSETS = (-1, 0, SECOND, BOUND, 10 * MINUTE - 1, 10 * MINUTE, 10 * MINUTE + 999, DAY, 9 * DAY)
BREAKS = ("", "checkpoint", "crash", "restart", "restart")
STOPS = st.lists(
    st.tuples(st.integers(0, 1_000), st.sampled_from(OFFSETS), st.sampled_from(BREAKS)), min_size=3, max_size=20
)
"""Where the watermark stops (a record, by number, and how far behind it), and what happens there."""
Stop = tuple[int, Millis, str]
NAME = "cart_abandonment"
Change = tuple[int, tuple[str, int]]
"""At the time of which record (by number), what is done to the campaign, and how many seconds later it is in effect."""
CHANGES: st.SearchStrategy[list[Change]] = st.lists(
    st.tuples(
        st.integers(0, 1_000),
        st.tuples(st.sampled_from(["finish", "move", "pause", "resume", "end"]), st.sampled_from([1, 60, 1_500])),
    ),
    max_size=4,
)


@dataclass(frozen=True)
class Work:
    """A job of ours as the operator sees it, without Redis."""

    job: str
    settings: Settings
    state_type: type

    def rule(self) -> Any:
        return campaigns() if self.job == "campaigns" else profiles()

    def view(self, rule: Any) -> None:
        return None

    def shards(self, counters: Counters) -> RuleShards:
        return RuleShards(self, counters)


@cache
def shipped() -> CampaignRule:
    return campaign_rule(read_config(), BEGIN + HOUR, BEGIN)


def campaigns() -> CampaignRule:
    """A rule of one worker: it learns of news for good."""
    rule = shipped()
    return CampaignRule(rule.config, rule.profile, rule.live_from, rule.history_from)


@cache
def profiles() -> Any:
    return ProfileRule(load(read_texts()), BEGIN)


def work(job: str, tick: Millis, shards: int) -> Work:
    chosen = Settings(tick=tick, shards=shards, bound=BOUND)
    return Work(job, chosen, Person if job == "campaigns" else ProfileState)


def as_read(log: Sequence[Sent]) -> list[Read]:
    """The records of a log with the place and the effective time that the SQL half gives them."""
    marks, offsets, found = Marks(BOUND), defaultdict[tuple[str, int], int](int), []
    for one in log:
        part = partition_of(one.key, 1 if one.topic == "campaigns" else PARTITIONS)
        kind = BY_NAME[one.topic].kind
        assert kind is not None
        place = (int(kind) << TOPIC_SHIFT) + (part << OFFSET_BITS) + offsets[one.topic, part]
        offsets[one.topic, part] += 1
        found.append(Read(one.key, one.value, place, one.at, marks.effective(one.topic, part, one.at)))
    return found


def events_of(records: Sequence[Read]) -> list[Event]:
    kinds = [topic.kind for topic in INPUTS]
    events = [
        read_event(kinds[one.coordinate >> TOPIC_SHIFT], one.key, one.value, one.at, one.effective)  # type: ignore[arg-type]
        for one in records
        if one.coordinate >> TOPIC_SHIFT < Kind.CAMPAIGN
    ]
    assert all(isinstance(event, Event) for event in events)
    return events  # type: ignore[return-value]


def news_of(records: Sequence[Read]) -> list[News]:
    read = [
        read_news(Kind.CAMPAIGN, one.key, one.value, one.at, one.effective, one.coordinate)
        for one in records
        if one.coordinate >> TOPIC_SHIFT == Kind.CAMPAIGN
    ]
    assert all(isinstance(news, News) for news in read)
    return read  # type: ignore[return-value]


def by_person(records: Sequence[Record]) -> dict[bytes, list[Record]]:
    """What came out of each person, in its order; people among each other have none."""
    found: dict[bytes, list[Record]] = defaultdict(list)
    for record in records:
        found[record.key].append(record)
    return found


def compare(flink: StubFlink, story: Story[Any, Any], job: str) -> None:
    """The same records of each person in the same order, and the same people remembered with the same wake-ups."""
    border = Border(job, "", Counters(flink))
    emitted = [Record(*record) for row in flink.out for record in row[0]]
    assert by_person(emitted) == by_person([border.write(output) for output in story.emitted])
    stored = {
        entry[2:]: msgspec.msgpack.decode(value)[1]
        for entries in flink.states.values()
        for entry, value in entries.items()
        if entry.startswith("u:")
    }
    assert stored == story.wakes
    assert set(stored) == set(story.states)
    assert story.left_over == {}


def play(flink: StubFlink, records: Sequence[Read], stops: Sequence[Stop]) -> None:
    """A restart is a checkpoint and a new worker at once, a crash goes back to the last checkpoint."""
    planned = [(records[number % len(records)].effective + offset, happens) for number, offset, happens in stops]
    for watermark, happens in sorted(planned):
        flink.advance(watermark)
        if happens in ("checkpoint", "restart"):
            flink.checkpoint()
        if happens in ("crash", "restart"):
            flink.crash()


def runs_like_memory(job: str, log: Sequence[Sent], stops: Sequence[Stop], tick: Millis, shards: int) -> None:
    """A run that goes on for ever, looked at when the watermark stands `RUN_ON` behind the last event."""
    records, to_do = as_read(log), work(job, tick, shards)
    until = ((max(one.effective for one in records) + RUN_ON) // tick + 1) * tick - 1
    flink = StubFlink(lambda: TickOperator(to_do), ticks_of(records, tick, shards))
    play(flink, records, stops)
    flink.advance(until)
    compare(flink, drive(to_do.rule(), events_of(records), until, HOUR, 3, news_of(records)), job)


@settings(deadline=None, max_examples=40)
@given(st.lists(MOVES, min_size=20, max_size=60), STOPS, TICKS, SHARDS)
def test_campaigns_are_decided_as_in_memory(moves: list[Move], stops: list[Stop], tick: Millis, shards: int) -> None:
    """Late, doubled and erased ones among them; leaps over any number of ticks; checkpoints and crashes anywhere."""
    runs_like_memory("campaigns", told(moves), stops, tick, shards)


@settings(deadline=None, max_examples=40)
@given(st.lists(MOVES, min_size=20, max_size=60), CHANGES, STOPS, TICKS, SHARDS)
def test_campaigns_that_change_meanwhile_are_decided_as_in_memory(
    moves: list[Move], changes: list[Change], stops: list[Stop], tick: Millis, shards: int
) -> None:
    """Published, moved, paused and ended at any time; a restarted worker knows what it was told before."""
    log = told(moves)
    log += [change(number, log[place % len(log)].at, *what) for number, (place, what) in enumerate(changes)]
    runs_like_memory("campaigns", log, stops, tick, shards)


def change(number: int, at: Millis, action: str, later: Millis) -> Sent:
    """A record of `campaigns`; the shipped cart abandonment is published with other waits."""
    content = None
    if action in ("finish", "move"):
        text = read_config()["campaigns/cart_abandonment.toml"].decode().replace('wait = "10min"', f'wait = "{later}s"')
        content, action = f'on_change = "{action}"\npriority = {number}\n{text}'.encode(), "publish"
    record = {"name": NAME, "action": action, "content": content, "timestamp": at, "effective_at": at + later * SECOND}
    return Sent("campaigns", f"{NAME}:{number}".encode(), encode("campaigns", record), at)


@settings(deadline=None, max_examples=30)
@given(st.lists(MOVES, min_size=20, max_size=60), STOPS, TICKS, SHARDS)
def test_profiles_are_kept_as_in_memory(moves: list[Move], stops: list[Stop], tick: Millis, shards: int) -> None:
    """Scores fall and segments are left by the clock alone, so nearly every step is a wake-up."""
    runs_like_memory("profiles", told(moves), stops, tick, shards)


@settings(deadline=None, max_examples=25)
@given(st.lists(MOVES, min_size=1, max_size=60), st.sampled_from([0, 1, 10 * MINUTE, RUN_ON]), TICKS, SHARDS)
def test_a_bounded_run_decides_up_to_its_end_and_nothing_beyond(
    moves: list[Move], run_on: Millis, tick: Millis, shards: int
) -> None:
    """At the end of its input every timer sees the highest watermark, which says nothing of the deadlines beyond."""
    records, to_do = as_read(told(moves)), work("campaigns", tick, shards)
    stop_at = max(one.effective for one in records) + run_on
    flink = StubFlink(lambda: TickOperator(to_do, stop_at), ticks_of(records, tick, shards))
    flink.advance(END_OF_TIME)
    compare(flink, drive(to_do.rule(), events_of(records), stop_at), "campaigns")


def test_one_tenth_of_all_events_may_be_one_persons() -> None:
    """Their shard is long in each tick, and nobody else is decided otherwise for it."""
    moves: list[Move] = [
        (0 if number % 10 == 0 else 1 + number % 29, action, MINUTE // 2, number % 4)
        for number, action in enumerate(["view", "add", "checkout", "order", "late", "again", "consent"] * 60)
    ]
    for job in ("campaigns", "profiles"):
        runs_like_memory(job, told(moves), [(100, 0, "checkpoint"), (250, 0, "crash"), (300, 0, "restart")], SECOND, 4)


def test_a_shard_that_nobody_belongs_to_is_never_called_and_one_that_all_have_left_has_no_timer() -> None:
    """In the end nothing is left over but the place in time and the ids of the last day of events."""
    records, to_do = as_read(told([(0, "add", 0, 1), (0, "consent", SECOND, 1)])), work("campaigns", SECOND, 16)
    flink = StubFlink(lambda: TickOperator(to_do), ticks_of(records, SECOND, 16))
    flink.advance(BEGIN + 500 * DAY)
    (left,) = flink.states.values()
    assert [key for key in left if key.startswith("u:")] == []
    assert flink.timers == set()
    assert flink.out


def test_a_watermark_within_a_tick_decides_nothing_of_that_tick() -> None:
    """Its events are not here yet: one of them puts off the deadline that the watermark has passed already."""
    ada = [(0, "add", 30 * SECOND, 1), (1, "add", MINUTE, 1)]  # deadlines at 10:30 and 11:30 of the clock
    bob: Move = (1, "add", 9 * MINUTE + 45 * SECOND, 2)  # at 11:15
    log = told([*ada, bob])
    wait = 10 * MINUTE
    within = log[1].at + wait + 10 * SECOND
    assert log[2].at < log[1].at + wait < within < (within // MINUTE + 1) * MINUTE - 1
    assert log[0].at + wait < within // MINUTE * MINUTE
    to_do, records = work("campaigns", MINUTE, 1), as_read(log)
    flink = StubFlink(lambda: TickOperator(to_do), ticks_of(records, MINUTE, 1))
    flink.advance(log[0].at + MINUTE)
    flink.advance(within)
    assert {record[1] for row in flink.out for record in row[0]} == {b"p0"}
    flink.advance(within + 45 * DAY // MINUTE * MINUTE)
    until = flink.watermark // MINUTE * MINUTE - 1
    compare(flink, drive(to_do.rule(), events_of(records), until), "campaigns")


def test_a_redelivery_across_a_restart_changes_nothing() -> None:
    """Ids learnt before it are known after it, in the same hour and when their hour has been put away meanwhile."""
    for pause in (MINUTE, 50 * MINUTE, 23 * HOUR):
        first, second, last = told([(0, "add", 0, 1), (0, "add", pause, 2), (0, "view", MINUTE, 0)])
        log = [first, second, first, last]
        assert as_read(log)[2].effective == second.at - BOUND + 1
        runs_like_memory("campaigns", log, [(0, SECOND, "restart"), (1, -BOUND, "restart")], SECOND, 1)
