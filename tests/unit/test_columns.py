"""Windows and sessions by columns are the ones that sorting all events at once gives, however the events are cut up."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.columns.activity import Activity, ActivityOfShard, WindowEnded
from udfs.columns.counted import Counted, Measures
from udfs.columns.hopping_sums import HoppingSums
from udfs.events import Event, Kind
from udfs.time import SECOND, Millis

SIZE, SLIDE, GAP = 20 * SECOND, 4 * SECOND, 10 * SECOND
MEASURES = Measures({"view": 1, "add": 5, "order": 10}, {"add": 1, "order": 2})
ACTIVITY = Activity(MEASURES, SIZE, SLIDE, GAP)
END = 200 * SECOND
Rows = tuple[list[tuple[str, Millis, int]], list[tuple[str, Millis, Millis, int, int]]]

happened = st.lists(
    st.builds(
        lambda user, at, name: Event(user, at, Kind.CLICK, name, "m"),
        st.sampled_from("abcdef"),
        st.integers(0, 100 * SECOND) | st.integers(0, 100).map(lambda second: second * SECOND),
        st.sampled_from(["view", "view", "add", "order", "something else"]),
    ),
    max_size=60,
)


def oracle(events: list[Event]) -> Rows:
    """Every event into every window that holds it; sessions by walking along each person's events."""
    counted = sorted((event for event in events if event.name in MEASURES.weights), key=lambda e: (e.user, e.at))
    sums: dict[tuple[str, Millis], int] = defaultdict(int)
    for event in counted:
        newest = event.at - event.at % SLIDE
        for start in range(newest - SIZE + SLIDE, newest + SLIDE, SLIDE):
            sums[event.user, start] += MEASURES.weights[event.name]
    sessions = []
    for user, of_user in groupby(counted, key=lambda event: event.user):
        session: list[Event] = []
        walk: list[Event | None] = [*of_user, None]
        for seen in walk:
            if session and (seen is None or seen.at - session[-1].at > GAP):
                marks = 0
                for each in session:
                    marks |= MEASURES.marks.get(each.name, 0)
                sessions.append((user, session[0].at, session[-1].at, len(session), marks))
                session = []
            if seen is not None:
                session.append(seen)
    return sorted((user, start, total) for (user, start), total in sums.items()), sorted(sessions)


def in_columns(events: list[Event]) -> Counted:
    schema = {"user": pl.String, "at": pl.Int64, "name": pl.String}
    return MEASURES.of_columns(pl.DataFrame([(e.user, e.at, e.name) for e in events], schema, orient="row"))


def folded(events: list[Event], tick: Millis, shards: int, columns: bool, restarts: int = 0) -> Rows:
    """Cut into shards and ticks, with a restart from what was kept after every so many ticks."""
    windows, sessions = [], []
    for shard in range(shards):
        mine = [event for event in events if ord(event.user) % shards == shard]
        activity, kept = ActivityOfShard(ACTIVITY), []
        for number in range(END // tick):
            begin, until = number * tick, (number + 1) * tick - 1
            now = [event for event in mine if begin <= event.at <= until]
            if not now and (due := activity.next_due()) is not None and due > until:
                continue  # nobody would have called
            people = in_columns(now) if columns else MEASURES.of_events(now)
            for told in activity.tick(people, begin, until):
                if isinstance(told, WindowEnded):
                    windows += [(user, told.start, total) for user, total in told.sums.items()]
                else:
                    sessions += [(s.user, s.first, s.last, s.events, s.marks) for s in told.sessions]
            kept += [activity.kept] if activity.kept else []
            if restarts and number % restarts == 0:
                kept = [each for each in kept if each.at + tick - 1 + ACTIVITY.memory > until]
                activity = ActivityOfShard(ACTIVITY)
                activity.restore(kept, until)
        assert activity.next_due() is None  # nothing is left over
    return sorted(windows), sorted(sessions)


@settings(max_examples=150, deadline=None)
@given(
    events=happened,
    tick=st.sampled_from([500, SECOND, 2 * SECOND, SLIDE]),
    shards=st.integers(1, 3),
    path=st.booleans(),
)
def test_the_rows_are_those_of_the_oracle(events: list[Event], tick: Millis, shards: int, path: bool) -> None:
    """Neither the tick's length nor the number of shards nor the path that ran can be seen in the answer."""
    assert folded(events, tick, shards, columns=path) == oracle(events)


@settings(max_examples=100, deadline=None)
@given(events=happened, restarts=st.integers(1, 9))
def test_a_restart_changes_no_row(events: list[Event], restarts: int) -> None:
    """What a tick added is kept as long as anything can ask for it, and no longer."""
    assert folded(events, SECOND, 2, columns=False, restarts=restarts) == oracle(events)


@settings(max_examples=100, deadline=None)
@given(events=happened)
def test_both_paths_count_alike(events: list[Event]) -> None:
    """A person's line is the same, whoever counted."""
    assert sorted(zip(*in_columns(events), strict=True)) == sorted(zip(*MEASURES.of_events(events), strict=True))


@settings(max_examples=100, deadline=None)
@given(events=happened)
def test_a_tide_that_jumps_over_everything_tells_the_same(events: list[Event]) -> None:
    """One call long after the last event ends all windows and sessions."""
    activity = ActivityOfShard(ACTIVITY)
    windows, sessions = [], []
    for second in sorted({event.at // SECOND for event in events}):
        now = MEASURES.of_events([event for event in events if event.at // SECOND == second])
        told = list(map(frozen, activity.tick(now, second * SECOND, second * SECOND + 999)))
        windows += [row for rows, _ in told for row in rows]
        sessions += [row for _, rows in told for row in rows]
    for rows, more in map(frozen, activity.tick(MEASURES.of_events([]), END, END + 999)):
        windows += rows
        sessions += more
    assert (sorted(windows), sorted(sessions)) == oracle(events)


def frozen(told: object) -> Rows:
    if isinstance(told, WindowEnded):
        return [(user, told.start, total) for user, total in told.sums.items()], []
    return [], [(s.user, s.first, s.last, s.events, s.marks) for s in told.sessions]  # type: ignore[attr-defined]


def test_an_event_exactly_a_gap_later_belongs_to_the_session() -> None:
    """The shared instant belongs to the event."""
    events = [Event("a", 0, Kind.CLICK, "view", "1"), Event("a", GAP, Kind.CLICK, "add", "2")]
    assert folded(events, SECOND, 1, columns=True)[1] == [("a", 0, GAP, 2, 1)]


def test_a_window_is_a_whole_number_of_slides() -> None:
    """Otherwise a slide would lie in a window only in part."""
    with pytest.raises(ValueError, match="whole number of slides"):
        HoppingSums(5 * SECOND, 2 * SECOND)
