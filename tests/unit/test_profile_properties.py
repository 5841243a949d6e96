"""What holds for every story of any person: segments change exactly when counting anew at every millisecond says so."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit import profile_oracle as oracle
from udfs.events import Event, Kind, Line
from udfs.memory_driver import Story, drive
from udfs.outputs import SegmentChange
from udfs.profile_config import ProfileConfig, load
from udfs.profile_rule import PROFILE_TTL, ProfileRule
from udfs.profile_state import ProfileState
from udfs.scores import value
from udfs.time import Millis

BEGIN, END, LONG_AFTER = 1_000, 1_400, 1_400 + PROFILE_TTL

# Lengths of milliseconds, so that every one of them can be looked at.
SCORES = """
[engagement]
window = "60ms"
slide = "10ms"
weights = {"Product Viewed" = 1, "Product Added" = 2, "Order Completed" = 3}
[intent]
window = "30ms"
slide = "5ms"
reset_on_order = true
weights = {"Product Viewed" = 1, "Product Added" = 2}
[views]
window = "20ms"
slide = "10ms"
by_category = true
weights = {"Product Viewed" = 1}
"""
RFM = """
window = "90ms"
recency = ["10ms", "20ms", "40ms", "60ms"]
frequency = [2, 3, 4, 5]
monetary = [2, 4, 6, 8]
"""
LENGTHS = st.sampled_from(["1ms", "9ms", "25ms", "60ms", "150ms"])
SIGN = st.sampled_from([">=", ">", "<", "<=", "==", "!="])
GRADE = st.sampled_from(["rfm_recency", "rfm_frequency", "rfm_monetary"])
SUM = st.sampled_from(["orders", "net_revenue"])
FEW = st.integers(0, 5)
HAPPENED = st.sampled_from(["first_seen", "last_seen", "first_order", "last_order"])
STATEMENTS = st.one_of(
    st.builds("{} {} {}".format, st.sampled_from(["engagement", "intent"]), SIGN, FEW),
    st.builds("{} within {} {} {}".format, SUM, LENGTHS, SIGN, FEW),
    st.builds("{} {} {}".format, SUM | st.just("trait.x"), SIGN, FEW),
    st.builds("{} in [{}, {}]".format, GRADE | st.just("intent"), FEW, FEW),
    st.builds("{} {} {}".format, GRADE, SIGN, FEW),
    st.builds("{} within {}".format, HAPPENED, LENGTHS),
    st.sampled_from(["last_order never", "last_seen never", "engagement unknown", "trait.x unknown", "trait.happy"]),
)
CONDITIONS = st.recursive(
    STATEMENTS,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
    ),
    max_leaves=4,
)
STAYS = st.sampled_from(["", 'stay = "1ms"', 'stay = "12ms"', 'stay = "70ms"'])


@st.composite
def configs(draw: st.DrawFn) -> ProfileConfig:
    texts = {"scores.toml": SCORES, "rfm.toml": RFM}
    for name in ("red", "green", "likes_<category>"):
        enter, leave = draw(CONDITIONS), draw(st.none() | CONDITIONS)
        if "<" in name:
            enter = f"views.<category> >= {draw(st.integers(1, 3))} and ({enter})"
        lines = [f'name = "{name}"', f'enter = "{enter}"', f'leave = "{leave}"' if leave else "", draw(STAYS)]
        texts[f"segments/{name[:5]}.toml"] = "\n".join(lines)
    return load(texts)


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """A dozen events of one person within 200 ms, some of them in one millisecond."""
    instants = sorted(draw(st.lists(st.integers(BEGIN, BEGIN + 200), min_size=1, max_size=12)))
    return [_event(draw, at, str(number)) for number, at in enumerate(instants)]


def _event(draw: st.DrawFn, at: Millis, number: str) -> Event:
    kind, name = draw(
        st.sampled_from(
            [
                (Kind.CLICK, "Product Viewed"),
                (Kind.CLICK, "Product Viewed"),
                (Kind.CART, "Product Added"),
                (Kind.ORDER, "Order Completed"),
                (Kind.ORDER, "Order Refunded"),
                (Kind.ORDER, "Order Cancelled"),
                (Kind.EMAIL, "Email Opened"),
                (Kind.PROFILE, "identify"),
            ]
        )
    )
    told: dict[str, object] = {}
    if kind is Kind.ORDER:
        order_id = number if name == "Order Completed" else draw(st.integers(0, 12).map(str))
        told = {"order_id": order_id, "total": draw(st.integers(1, 4))}
    if kind is Kind.PROFILE:
        told = {"traits": draw(st.sampled_from([{"x": 1}, {"x": 4}, {"happy": True}, {"happy": False, "x": 2}]))}
    lines = (Line("mug", category=draw(st.sampled_from("ab"))),) if name == "Product Viewed" else ()
    return Event("ada", at, kind, name, f"m{number}", lines=lines, **told)  # type: ignore[arg-type]


def _told(story: Story[ProfileState, SegmentChange]) -> oracle.Changes:
    return [(change.at, change.segment, change.change) for change in story.emitted]


def _by_instant(changes: Sequence[tuple[Millis, str, str]]) -> dict[tuple[Millis, str], list[str]]:
    """What happened to a segment in a millisecond, in order; segments among each other have no order."""
    found: dict[tuple[Millis, str], list[str]] = {}
    for at, segment, change in changes:
        found.setdefault((at, segment), []).append(change)
    return found


@settings(deadline=None, max_examples=150)
@given(configs(), stories(), st.sampled_from([0, BEGIN - 50, BEGIN]))
def test_segments_change_exactly_when_counting_anew_says_so(
    config: ProfileConfig, events: list[Event], history_from: Millis
) -> None:
    """With wake-ups and deadlines kept, and without: the same changes at the same milliseconds."""
    story = drive(ProfileRule(config, history_from), events, stop_at=END, tick=50)
    assert _by_instant(_told(story)) == _by_instant(oracle.changes(config, history_from, events, END, "ab"))


@settings(deadline=None, max_examples=60)
@given(configs(), stories(), st.sampled_from([1, 7, 100, 1_000]), st.integers(1, 3))
def test_neither_ticks_nor_shards_nor_arrival_nor_duplicates_change_anything(
    config: ProfileConfig, events: list[Event], tick: Millis, shards: int
) -> None:
    """An answer is a function of what happened, and everybody is forgotten in the end."""
    people = [*events, *(msgspec.structs.replace(event, user="bob") for event in events)]
    one = drive(ProfileRule(config, 0), people, stop_at=LONG_AFTER)
    other = drive(ProfileRule(config, 0), [*reversed(people), *people], stop_at=LONG_AFTER, tick=tick, shards=shards)
    assert sorted(one.emitted, key=_order) == sorted(other.emitted, key=_order)
    assert one.states == other.states == {}
    assert one.wakes == other.wakes == {}


# True of everybody from 25 to 60 ms after the beginning, when orders are known already and engagement is not yet.
FOR_A_WHILE = load(
    {
        "scores.toml": SCORES,
        "rfm.toml": RFM,
        "segments/red.toml": 'name = "red"\nenter = "orders within 25ms < 1 and engagement unknown"',
    }
)
OPENED = [Event("ada", BEGIN + 90, Kind.EMAIL, "Email Opened", "m")]


@settings(deadline=None, max_examples=150)
@example(FOR_A_WHILE, OPENED, -80, BEGIN)
@given(configs(), stories(), st.integers(-100, 100), st.sampled_from([BEGIN - 50, BEGIN]))
def test_people_know_nothing_of_each_other(
    config: ProfileConfig, events: list[Event], later: Millis, history_from: Millis
) -> None:
    """A rule keeps how strangers stand; whoever comes next may come at another time, earlier too."""
    others = [msgspec.structs.replace(event, user="bob", at=event.at + later) for event in events]

    last = max(event.at for event in (*events, *others))

    def told(people: list[Event]) -> Story[ProfileState, SegmentChange]:
        return drive(ProfileRule(config, history_from), people, stop_at=last, tick=END)

    both, ada, bob = told([*events, *others]), told(events), told(others)
    assert sorted(both.emitted, key=_order) == sorted([*ada.emitted, *bob.emitted], key=_order)
    assert both.states == ada.states | bob.states
    assert both.wakes == ada.wakes | bob.wakes


@settings(deadline=None, max_examples=60)
@given(configs(), stories())
def test_a_score_is_shown_as_it_was_at_most_half_a_slide_ago(config: ProfileConfig, events: list[Event]) -> None:
    """Redis is written when a person was touched: between two touches every field must stay nearly true."""
    rule = ProfileRule(config, 0)
    last = max(event.at for event in events)
    story = drive(rule, events, stop_at=last)
    state, until = story.states["ada"], story.wakes["ada"]
    shown = rule.view(state)
    for at in range(last, min(until, END)):
        for name in ("engagement", "intent"):
            spec = config.scores[name]
            instants = range(max(last, at - spec.slide // 2), at + 1)
            assert shown[name] in {value(state.scores.get(name), spec, then) for then in instants}


@settings(deadline=None, max_examples=40)
@given(configs(), stories())
def test_a_state_survives_its_bytes(config: ProfileConfig, events: list[Event]) -> None:
    """States are written as msgpack and read back after a failure."""
    state = drive(ProfileRule(config, 0), events).states["ada"]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(state), type=ProfileState) == state


@settings(deadline=None, max_examples=60)
@given(configs(), stories(), st.sampled_from(["red", "green", "likes_a"]))
def test_a_segment_alone_is_the_segment_among_others(config: ProfileConfig, events: list[Event], name: str) -> None:
    """The campaigns job keeps only what its segments read, and must come to the same answers."""
    whole = drive(ProfileRule(config, BEGIN), events, stop_at=LONG_AFTER)
    alone = drive(ProfileRule(config.only([name]), BEGIN), events, stop_at=LONG_AFTER)
    assert alone.emitted == [change for change in whole.emitted if change.segment == name]


def _order(change: SegmentChange) -> tuple[str, Millis, str, str]:
    return change.user_id, change.at, change.segment, change.change
