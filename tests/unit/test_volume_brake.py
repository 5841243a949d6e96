"""How much more than rehearsed is too much."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.customer import NOON
from udfs.outputs import Decision
from udfs.time import HOUR, Millis
from udfs.volume_brake import TooMany, VolumeBrake


def sent(at: Millis, number: int, campaign: str = "carts", outcome: str = "send", **facts: str) -> Decision:
    named = f"{campaign}-{at}-{number}"
    return Decision(named, named, None, campaign, "v", 1, "email", f"u{number}", "c", at, outcome, "sent", facts)


def brake(hourly: int = 2) -> VolumeBrake:
    return VolumeBrake({"carts": hourly}, 3)


def test_the_first_mail_beyond_three_times_the_rehearsed_ones_brakes_once() -> None:
    """Six are three times two; nobody is told twice."""
    watch = brake()
    told = [watch.count(sent(NOON + number, number)) for number in range(9)]
    assert told == [None] * 6 + [TooMany("carts", NOON + 6, 6, 2)] + [None] * 2


def test_each_hour_is_counted_by_itself_also_where_two_are_mixed() -> None:
    """As the rehearsal counts them."""
    watch = brake()
    mixed = [sent(NOON + number % 2 * HOUR, number) for number in range(12)]
    assert [watch.count(one) for one in mixed] == [None] * 12
    assert watch.count(sent(NOON, 99)) == TooMany("carts", NOON, 6, 2)


def test_only_mails_of_watched_campaigns_count_and_each_once() -> None:
    """A job that begins again writes its past once more."""
    watch = brake()
    one = sent(NOON, 0)
    assert [watch.count(one) for _ in range(20)] == [None] * 20
    assert [watch.count(sent(NOON, number, outcome="drop")) for number in range(20)] == [None] * 20
    assert [watch.count(sent(NOON, number, campaign="other")) for number in range(20)] == [None] * 20
    assert [watch.count(sent(NOON, number, held_by="orders_silent")) for number in range(20)] == [None] * 20
    past = [sent(NOON - 2 * HOUR, number) for number in range(20)]
    assert [watch.count(other) for other in past] == [None] * 20


def test_whoever_resumes_a_campaign_begins_to_count_anew() -> None:
    """With what its file says by then."""
    watch = brake()
    for number in range(7):
        watch.count(sent(NOON + number, number))
    watch.begin_anew("carts", NOON + 6, hourly=3)
    assert [watch.count(sent(NOON + number, number)) for number in range(7)] == [None] * 7
    told = [watch.count(sent(NOON + 7 + number, number)) for number in range(10)]
    assert told == [None] * 9 + [TooMany("carts", NOON + 16, 9, 3)]
    watch.begin_anew("carts", NOON + 20, hourly=None)
    assert [watch.count(sent(NOON + 21 + number, number)) for number in range(50)] == [None] * 50


@given(st.permutations(range(10)), st.integers(1, 3))
def test_the_order_of_decisions_does_not_change_whether_it_brakes(numbers: list[int], hourly: int) -> None:
    """They come by shard, and within an hour in no particular order."""
    watch = brake(hourly)
    told = [watch.count(sent(NOON + number, number)) for number in numbers]
    assert len([one for one in told if one]) == (3 * hourly < 10)
