"""A shard hands events and wake-ups to a rule in event-time order, whatever the length of the ticks."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from udfs.events import Event, Kind
from udfs.memory_driver import drive
from udfs.seen import SeenIds
from udfs.shard import Shard
from udfs.step import FORGET, SAME, Step
from udfs.time import DAY, Millis

WAIT: Millis = 10


class Count(msgspec.Struct, frozen=True):
    """How many events have come without a pause of WAIT."""

    events: int


class Quiet:
    """Tells of every event, and of every pause of WAIT ms; then it forgets."""

    def on_event(self, state: Count | None, event: Event) -> Step[Count, str]:
        count = Count((state.events if state else 0) + 1)
        return Step(count, (f"{event.user} {event.message_id} @{event.at}",), event.at + WAIT)

    def on_wake(self, state: Count, at: Millis) -> Step[Count, str]:
        return Step(None, (f"quiet after {state.events} @{at}",))


def event(user: str, at: Millis, message: str = "", kind: Kind = Kind.CLICK) -> Event:
    return Event(user, at, kind, "Product Viewed", message or f"{user}-{at}-{kind}")


def test_an_event_at_the_instant_of_a_wake_up_goes_first() -> None:
    """The last moment belongs to the customer."""
    story = drive(Quiet(), [event("u", 0), event("u", WAIT)], stop_at=100)
    assert story.emitted == ["u u-0-1 @0", f"u u-{WAIT}-1 @{WAIT}", f"quiet after 2 @{2 * WAIT}"]


def test_a_wake_up_is_run_at_its_own_instant_not_at_the_end_of_the_tick() -> None:
    """Deadlines are exact whatever the tick is."""
    story = drive(Quiet(), [event("u", 0), event("u", 900)], stop_at=5_000, tick=1_000)
    assert f"quiet after 1 @{WAIT}" in story.emitted


def test_nothing_beyond_the_stop_is_decided() -> None:
    """A bounded run ends at stop_at, and says who still waits."""
    story = drive(Quiet(), [event("u", 0)], stop_at=WAIT - 1)
    assert story.emitted == ["u u-0-1 @0"]
    assert story.wakes == {"u": WAIT}


def test_within_a_millisecond_profile_changes_go_before_clicks_before_orders() -> None:
    """The order of a person's events of one instant is fixed, not that of arrival."""
    kinds = [Kind.EMAIL, Kind.ORDER, Kind.CART, Kind.CLICK, Kind.PROFILE]
    story = drive(Quiet(), [event("u", 5, f"m{kind}", kind) for kind in kinds])
    assert [line.split()[1] for line in story.emitted] == ["m0", "m1", "m2", "m3", "m4"]


def test_a_message_seen_within_a_day_changes_nothing_and_one_a_day_and_a_moment_later_does() -> None:
    """Deduplication reaches exactly 24 hours back."""
    again = [event("u", 0, "m"), event("u", DAY, "m"), event("v", 0, "n"), event("v", DAY + 1, "n")]
    story = drive(Quiet(), again, stop_at=2 * DAY)
    assert story.duplicates == 1
    assert [line for line in story.emitted if line.startswith("v")] == ["v n @0", f"v n @{DAY + 1}"]


def test_the_same_message_id_of_two_people_is_two_messages() -> None:
    """Otherwise the answer would depend on who shares a shard."""
    assert drive(Quiet(), [event("u", 0, "m"), event("v", 0, "m")], shards=1).duplicates == 0


def test_a_rule_that_forgets_leaves_nothing_behind() -> None:
    """Every key is forgotten in the end."""
    story = drive(Quiet(), [event(f"u{number}", number) for number in range(50)], stop_at=1_000)
    assert (story.states, story.wakes, story.left_over) == ({}, {}, {})


def test_forgetting_needs_no_memory_of_a_person() -> None:
    """FORGET for somebody unknown is no state either."""

    class Deaf:
        def on_event(self, state: Count | None, event: Event) -> Step[Count, str]:
            return FORGET

        def on_wake(self, state: Count, at: Millis) -> Step[Count, str]:
            raise AssertionError

    shard: Shard[Count, str] = Shard(Deaf(), SeenIds())
    assert shard.tick([event("u", 1)], 10) == []
    assert shard.people == {}


messages = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 200), st.sampled_from(Kind)), max_size=40)


@given(messages, st.randoms(use_true_random=False), st.sampled_from([1, 7, 50, 1_000]), st.sampled_from([1, 4]))
def test_the_order_of_arrival_the_tick_and_the_shards_change_nothing(
    told: list[tuple[str, Millis, Kind]], random: object, tick: Millis, shards: int
) -> None:
    """The same events give the same set of outputs: shuffled, redelivered, in any tick and over any shards."""
    events = [event(user, at, kind=kind) for user, at, kind in told]
    expected = drive(Quiet(), events, stop_at=500, tick=1_000, shards=4)
    disturbed = events + events[::3]
    random.shuffle(disturbed)  # type: ignore[attr-defined]
    assert sorted(drive(Quiet(), disturbed, stop_at=500, tick=tick, shards=shards).emitted) == sorted(expected.emitted)


def test_an_alarm_that_moves_with_every_event_leaves_nothing_behind() -> None:
    """A far alarm, put off by each click, would else keep a trace of every click until its time."""
    shard: Shard[Count, str] = Shard(Patient(), SeenIds())
    for at in range(5_000):
        shard.tick([event("u", at)], at)
    assert len(shard._alarms) < 2_000
    assert shard.advance(400 * DAY + 5_000) == ["at last"]


class Patient:
    """Forgets a person 400 days after the last event."""

    def on_event(self, state: Count | None, event: Event) -> Step[Count, str]:
        return Step(Count(1), (), event.at + 400 * DAY)

    def on_wake(self, state: Count, at: Millis) -> Step[Count, str]:
        return Step(None, ("at last",))


def test_who_was_never_remembered_is_not_among_the_changed() -> None:
    """Their state need not be removed from where it never was."""

    class Forgetful(Patient):
        def on_event(self, state: Count | None, event: Event) -> Step[Count, str]:
            return FORGET

    shard: Shard[Count, str] = Shard(Forgetful(), SeenIds())
    shard.tick([event("u", 0)], 0)
    assert shard.changed == set()


def test_an_answer_that_nothing_changes_leaves_state_and_wake_up_alone() -> None:
    """And nobody is written who stayed as they were."""

    class Once(Quiet):
        def on_event(self, state: Count | None, event: Event) -> Step[Count, str]:
            return SAME if state else super().on_event(state, event)

    shard: Shard[Count, str] = Shard(Once(), SeenIds())
    shard.tick([event("u", 0)], 0)
    shard.changed.clear()
    assert shard.tick([event("u", 1), event("u", 2)], 5) == []
    assert (shard.changed, shard.wakes, shard.people) == (set(), {"u": WAIT}, {"u": Count(1)})
