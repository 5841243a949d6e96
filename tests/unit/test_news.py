"""News reach every shard at their instant: known from then on, told to whoever is remembered, refused once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.coordinates import OFFSET_BITS, TOPIC_SHIFT
from connectors.news_records import read_news
from connectors.rejected import Reason, Rejected
from connectors.settings import Settings
from connectors.topics import topic_of
from connectors.wire import decode, encode, newest
from tests.calls import call, sent
from tests.unit.flink_stub import Read, StubFlink, ticks_of
from tests.unit.test_stored_shard import Entries
from tests.unit.test_tick_operator import compare
from udfs.events import Event, Kind
from udfs.memory_driver import Story, drive
from udfs.news import News, NewsRefused
from udfs.operators.counters import Counters
from udfs.operators.rule_shard import RuleShards
from udfs.operators.stored_shard import Meta, StateMismatch, StoredShard
from udfs.operators.tick_operator import TickOperator
from udfs.outputs import SegmentChange
from udfs.seen import SeenIds
from udfs.shard import Shard
from udfs.step import SAME, Step
from udfs.time import DAY, MINUTE, SECOND, Millis
from udfs.timeline import Timeline

AT: Millis = 1_790_000_000_000
WAIT: Millis = 10


class Heard(msgspec.Struct, frozen=True, array_like=True):
    """Somebody who was heard of."""

    user: str
    events: int


class Parrot:  # a Rule[Heard, Event, Any] and a Learner
    """Says of every event and wake-up what holds at its instant; `loud` news are told to everybody."""

    def __init__(self) -> None:
        self.words: Timeline[str] = Timeline()

    def learn(self, news: News) -> bool:
        if news.action == "unknown":
            raise NewsRefused(f"{news.key} is no word")
        self.words.learn(news.since, news.order, news.key)
        return news.action == "end"

    def on_event(self, state: Heard | None, event: Event) -> Step[Heard, str]:
        count = state.events if state else 0
        if event.kind is Kind.CAMPAIGN:
            if count % 2:
                return SAME
            assert state is not None
            return Step(state, (self._says(event.user, f"called {event.name}", event.at),), event.at + WAIT)
        heard = Heard(event.user, count + 1)
        return Step(heard, (self._says(event.user, event.message_id, event.at),), event.at + WAIT)

    def on_wake(self, state: Heard, at: Millis) -> Step[Heard, str]:
        said = (self._says(state.user, f"quiet after {state.events}", at),)
        return Step(None, said) if state.events > 2 else Step(Heard(state.user, state.events + 1), said, at + 3 * WAIT)

    def _says(self, user: str, what: str, at: Millis) -> Any:
        return f"{user} {what} @{at - AT}: {self.words.at(at)}"


def news(word: str, at: Millis, since: Millis | None = None, order: int = 0, loud: bool = False) -> News:
    began = AT + (at if since is None else since)
    return News(Kind.CAMPAIGN, word, AT + at, began, order, "end" if loud else "pause")


def event(user: str, at: Millis, message: str = "") -> Event:
    return Event(user, AT + at, Kind.CLICK, "Product Viewed", message or f"{user}-{at}")


def told(
    events: Sequence[Event], *all_news: News, until: Millis = 500, tick: Millis = DAY, shards: int = 1
) -> list[str]:
    return drive(Parrot(), events, AT + until, tick, shards, all_news).emitted


def test_news_hold_from_their_instant_on_and_before_everything_else_of_it() -> None:
    """Whatever came first in the log."""
    said = told([event("u", 5), event("u", 6), event("u", 4)], news("red", 5), until=6)
    assert said == ["u u-4 @4: None", "u u-5 @5: red", "u u-6 @6: red"]


def test_a_later_beginning_is_waited_for() -> None:
    """News may be told ahead of their time; the deadline between is still answered by the old."""
    said = told([event("u", 0)], news("red", 0), news("blue", 1, since=11, order=1), until=40)
    assert said == ["u u-0 @0: red", "u quiet after 1 @10: red", "u quiet after 2 @40: blue"]


def test_of_one_instant_the_last_word_counts() -> None:
    """As they lie in the log."""
    assert told([event("u", 5)], news("blue", 5, order=2), news("red", 5, order=1), until=5) == ["u u-5 @5: blue"]


def test_everybody_remembered_is_told_at_the_instant_before_anything_of_theirs() -> None:
    """Who comes later has not heard the call, and asks for what holds instead."""
    said = told([event("u", 2, "a"), event("u", 3, "b"), event("v", 7)], news("red", 3, since=7, loud=True), until=7)
    assert said == ["u a @2: None", "u b @3: None", "u called red @7: red", "v v-7 @7: red"]


def test_a_call_that_changes_nothing_leaves_state_and_wake_up_alone() -> None:
    """Nobody is written who stayed as they were."""
    shard: Shard[Heard, str] = Shard(Parrot(), SeenIds())
    shard.tick([event("u", 0)], AT)
    shard.changed.clear()
    shard.learn(news("red", 1, loud=True))
    assert shard.tick((), AT + 5) == []
    assert (shard.changed, shard.wakes) == (set(), {"u": AT + WAIT})


def test_a_call_is_an_alarm() -> None:
    """A shard in which nothing happens must be woken for it."""
    shard: Shard[Heard, str] = Shard(Parrot(), SeenIds())
    shard.tick([event("u", 0), event("u", 1)], AT + 1)
    shard.learn(news("red", 2, since=8, loud=True))
    shard.learn(news("blue", 2, since=6, order=1, loud=True))
    shard.tick((), AT + 3)
    assert shard.next_alarm() == AT + 6
    assert shard.tick((), AT + 6) == ["u called blue @6: blue"]
    assert shard.next_alarm() == AT + 8


def test_refused_news_are_said_once_and_change_nothing() -> None:
    """However many shards have refused them."""
    bad = News(Kind.CAMPAIGN, "junk", AT + 1, AT + 1, 9, "unknown")
    story = drive(Parrot(), [event("u", 0), event("v", 2)], AT + 5, 1, 4, [news("red", 0), bad])
    assert story.refused == ["junk is no word"]
    assert "v v-2 @2: red" in story.emitted


WORDS = st.lists(
    st.tuples(st.sampled_from(["red", "blue"]), st.integers(0, 200), st.sampled_from([0, 0, 1, 60]), st.booleans()),
    max_size=6,
)
MESSAGES = st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 200)), max_size=40)


def all_news(words: list[tuple[str, Millis, Millis, bool]]) -> list[News]:
    return [news(word, at, at + later, number, loud) for number, (word, at, later, loud) in enumerate(words)]


@given(MESSAGES, WORDS, st.randoms(use_true_random=False), st.sampled_from([1, 7, 50, 1_000]), st.sampled_from([1, 4]))
def test_neither_ticks_nor_shards_nor_the_order_of_arrival_change_what_news_do(
    messages: list[tuple[str, Millis]],
    words: list[tuple[str, Millis, Millis, bool]],
    random: object,
    tick: Millis,
    shards: int,
) -> None:
    """What is known is a function of event time, though shards that share it stand at different times."""
    events = [event(user, at) for user, at in messages]
    expected = told(events, *all_news(words), tick=1_000, shards=4)
    random.shuffle(events)  # type: ignore[attr-defined]
    assert sorted(told(events, *reversed(all_news(words)), tick=tick, shards=shards)) == sorted(expected)


def test_a_restored_shard_knows_what_it_was_told_and_calls_nobody_twice() -> None:
    """Also what is to begin only later."""
    entries, made_with = Entries(), Meta(0, 1, 1, 0)
    before = StoredShard(Parrot(), Heard, entries, made_with)
    before.shard.learn(news("red", 1, loud=True))
    before.shard.learn(news("blue", 1, since=30, order=1, loud=True))
    before.shard.tick([event("u", 0), event("u", 1)], AT + 1)
    before.save(AT + 1)
    after = StoredShard(Parrot(), Heard, entries, made_with).shard
    assert after.tick([event("u", 2)], AT + 11) == ["u u-2 @2: red"]
    assert after.next_alarm() == AT + 12
    assert after.tick([event("v", 20), event("v", 21)], AT + 30)[-1:] == ["v called blue @30: blue"]


def test_what_a_product_is_said_to_be_takes_the_place_of_what_was_said_before() -> None:
    """Or the state would grow with every sale; versions of campaigns are kept."""
    entries = Entries()
    shard = StoredShard(Parrot(), Heard, entries, Meta(0, 1, 1, 0))
    for order, available in enumerate((False, True, False)):
        shard.shard.learn(News(Kind.CATALOG, "mug", AT + order, AT + order, order, variant="red", available=available))
        shard.shard.learn(news("sale", order, order=order))
    shard.save(AT + 3)
    kept = [msgspec.msgpack.decode(value, type=News) for key, value in entries.items() if key.startswith("n:")]
    assert Counter(one.kind for one in kept) == {Kind.CATALOG: 1, Kind.CAMPAIGN: 3}
    assert [one.order for one in kept if one.kind is Kind.CATALOG] == [2]


def test_stored_news_that_mean_nothing_any_more_are_refused_with_a_sentence() -> None:
    """A job never goes on without what it was told."""
    entries = Entries({"n:1": msgspec.msgpack.encode(News(Kind.CAMPAIGN, "junk", AT, AT, 1, "unknown"))})
    with pytest.raises(StateMismatch, match="junk is no word"):
        StoredShard(Parrot(), Heard, entries, Meta(0, 1, 1, 0))


def test_a_timeline_forgets_what_no_longer_holds() -> None:
    """All but the last that holds at that instant."""
    known: Timeline[str] = Timeline()
    for at in (1, 5, 9):
        known.learn(at, 0, f"from {at}")
    known.forget_before(5)
    assert (len(known), known.at(4), known.at(5), known.at(9)) == (2, None, "from 5", "from 9")
    assert known.until(8) == ["from 5"]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 3)), max_size=10), st.lists(st.integers(-2, 22)))
def test_a_timeline_says_the_same_asked_in_any_order(marks: list[tuple[int, int]], asked: list[int]) -> None:
    """Its memory of the last answer is no part of it."""
    known: Timeline[tuple[int, int]] = Timeline()
    for number, at in enumerate(asked):
        for mark in marks[number : number + 1]:
            known.learn(*mark, mark)
        learned = set(marks[: number + 1])
        assert known.at(at) == max((mark for mark in learned if mark[0] <= at), default=None)


# The operator under a stub of Flink.


class ParrotOnPaper(Parrot):
    """Says the same in a form that has a topic."""

    def _says(self, user: str, what: str, at: Millis) -> Any:
        return SegmentChange(user, f"{what}: {self.words.at(at)}", "enter", at, "event")


@dataclass(frozen=True)
class Work:
    """The parrot as a job."""

    settings: Settings
    job: str = "campaigns"
    state_type: type = Heard

    def rule(self) -> Parrot:
        return ParrotOnPaper()

    def view(self, rule: Parrot) -> None:
        return None

    def shards(self, counters: Counters) -> RuleShards:
        return RuleShards(self, counters)


def campaign_record(action: str, at: Millis, offset: int, name: str = "red", later: Millis = 0) -> Read:
    told = {"name": name, "action": action, "effective_at": at + later, "timestamp": at}
    place = (int(Kind.CAMPAIGN) << TOPIC_SHIFT) | offset
    return Read(name.encode(), encode("campaigns", told), place, at, at)


def click(user: str, at: Millis) -> Read:
    record = sent(call("Product Viewed", at, user, f"{user}-{at - AT}", product_id="mug"))
    return Read(record.key, record.value, (int(Kind.CLICK) << TOPIC_SHIFT) | (at - AT), at, at)


def letters_of(flink: StubFlink) -> list[dict[str, object]]:
    found = [decode(record[2], "dead-letters") for row in flink.out for record in row[0] if record[0] == "dead-letters"]
    return [letter[1] for letter in found if isinstance(letter, tuple)]


def test_a_refused_record_is_one_dead_letter_of_the_job() -> None:
    """Sixteen shards refuse it, one of them says so; with its place in the log."""
    damaged = Read(b"red", b"junk", (int(Kind.CAMPAIGN) << TOPIC_SHIFT) | 7, AT, AT)
    nonsense = campaign_record("unknown", AT + 1, 8)
    work = Work(Settings(tick=SECOND, shards=16))
    flink = StubFlink(lambda: TickOperator(work), ticks_of([damaged, nonsense], SECOND, 16))
    flink.advance(AT + MINUTE)
    letters = letters_of(flink)
    assert [(one["topic"], one["offset"], one["reason"]) for one in letters] == [
        ("campaigns", 7, "not_framed"),
        ("campaigns", 8, "implausible"),
    ]
    assert len(flink.states) == 16


def test_what_the_rule_refuses_is_a_dead_letter_too() -> None:
    """With the rule's own words."""

    class Picky(Work):
        def rule(self) -> Parrot:
            return Deaf()

    class Deaf(Parrot):
        def learn(self, news: News) -> bool:
            raise NewsRefused("red is no campaign of ours")

    work = Picky(Settings(tick=SECOND, shards=4))
    flink = StubFlink(lambda: TickOperator(work), ticks_of([campaign_record("pause", AT, 3)], SECOND, 4))
    flink.advance(AT + MINUTE)
    assert [(one["reason"], one["detail"]) for one in letters_of(flink)] == [("bad_news", "red is no campaign of ours")]
    assert not any(key.startswith("n:") for state in flink.states.values() for key in state)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 90)), min_size=1, max_size=30),
    st.lists(st.tuples(st.sampled_from(["pause", "end"]), st.integers(0, 90), st.sampled_from([0, 40])), max_size=5),
    st.lists(st.tuples(st.integers(0, 120), st.sampled_from(["", "checkpoint", "crash", "restart"])), max_size=8),
    st.sampled_from([1, 4, 16]),
)
def test_the_operator_tells_everybody_as_the_memory_driver_does(
    clicks: list[tuple[str, int]],
    said: list[tuple[str, int, int]],
    stops: list[tuple[int, str]],
    shards: int,
) -> None:
    """The same words, the same people remembered and the same wake-ups, through leaps, crashes and restarts."""
    records = [click(user, AT + at) for user, at in dict.fromkeys(clicks)]
    records += [
        campaign_record(action, AT + at, offset, f"w{offset}", later) for offset, (action, at, later) in enumerate(said)
    ]
    tick = 10
    work = Work(Settings(tick=tick, shards=shards))
    flink = StubFlink(lambda: TickOperator(work), ticks_of(records, tick, shards))
    for at, happens in sorted(stops):
        flink.advance(AT + at)
        if happens in ("checkpoint", "restart"):
            flink.checkpoint()
        if happens in ("crash", "restart"):
            flink.crash()
    until = AT + 149
    flink.advance(until)
    compare(flink, in_memory(clicks, records, until), "campaigns")


def in_memory(clicks: list[tuple[str, int]], records: Sequence[Read], until: Millis) -> Story[Any, Any]:
    read = [
        read_news(Kind.CAMPAIGN, one.key, one.value, one.at, one.effective, one.coordinate)
        for one in records
        if one.coordinate >> TOPIC_SHIFT == Kind.CAMPAIGN
    ]
    heard = [one for one in read if isinstance(one, News)]
    assert len(heard) == len(read)
    return drive(ParrotOnPaper(), [event(user, at) for user, at in dict.fromkeys(clicks)], until, 7, 3, heard)


# Records.


def test_a_record_becomes_news_with_its_place_and_its_beginning() -> None:
    """It takes effect when it says, and never before it is known."""
    record = campaign_record("pause", AT, 5, later=60)
    read = read_news(Kind.CAMPAIGN, record.key, record.value, AT, AT + 7, record.coordinate)
    assert read == News(Kind.CAMPAIGN, "red", AT + 7, AT + 60, record.coordinate, "pause")
    late = read_news(Kind.CAMPAIGN, record.key, record.value, AT, AT + 99, record.coordinate)
    assert isinstance(late, News)
    assert late.since == AT + 99


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"name": "blue"}, Reason.KEY_MISMATCH),
        ({"timestamp": AT + 1}, Reason.TIME_MISMATCH),
        ({"action": "publish"}, Reason.IMPLAUSIBLE),
        ({"content": b"x"}, Reason.IMPLAUSIBLE),
        ({"effective_at": 5_000_000_000_000}, Reason.IMPLAUSIBLE),
    ],
)
def test_a_record_that_contradicts_itself_is_no_news(said: dict[str, object], reason: Reason) -> None:
    """Whoever wrote it finds out why."""
    record = {"name": "red", "action": "pause", "timestamp": AT} | said
    read = read_news(Kind.CAMPAIGN, b"red", encode("campaigns", record), AT, AT, 1)
    assert isinstance(read, Rejected)
    assert read.reason is reason


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([Kind.CAMPAIGN, Kind.CATALOG]), st.binary(max_size=8), st.none() | st.binary(max_size=200))
def test_any_bytes_at_all_are_answered(kind: Kind, key: bytes, body: bytes | None) -> None:
    """News come from outside as everything else does."""
    value = None if body is None else newest()[topic_of(kind).subject].header + body
    assert isinstance(read_news(kind, key, value, AT, AT, 1), News | Rejected)


def test_the_key_of_a_campaign_may_have_something_behind_its_name() -> None:
    """Which makes it unique, so that Kafka keeps every record and thins out heartbeats only."""
    record = campaign_record("pause", AT, 5)
    for key, found in ((b"red:7f3a", News), (b"redder", Rejected), (b":red", Rejected)):
        assert isinstance(read_news(Kind.CAMPAIGN, key, record.value, AT, AT, 1), found)
    sold = encode("catalog", {"product_id": "mug", "available": False, "timestamp": AT})
    assert isinstance(read_news(Kind.CATALOG, b"mug:7f3a", sold, AT, AT, 1), Rejected)


def test_a_product_is_sold_out_from_its_own_time() -> None:
    """Each variant by itself."""
    value = encode("catalog", {"product_id": "mug", "variant": "red", "available": False, "timestamp": AT})
    place = (int(Kind.CATALOG) << TOPIC_SHIFT) | (1 << OFFSET_BITS)
    read = read_news(Kind.CATALOG, b"mug", value, AT, AT, place)
    assert read == News(Kind.CATALOG, "mug", AT, AT, place, variant="red", available=False)
