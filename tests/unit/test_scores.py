"""What must hold of scores: at every instant they say what counting the events anew would say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.customer import add as add_to_cart
from tests.unit.customer import event, line, order, view
from udfs.events import Kind
from udfs.score_sheet import ScoreSheet
from udfs.scores import NEVER, Score, ScoreSpec, add, course, fitted, next_change, prune, reaches, value
from udfs.time import HOUR, MINUTE, Millis

HOURLY = ScoreSpec("engagement_1h", HOUR, MINUTE, {"Product Viewed": 1})
TINY = ScoreSpec("tiny", 60, 10, {})

Told = list[tuple[Millis, int]]
TOLD = st.lists(st.tuples(st.integers(0, 200), st.integers(1, 4)), max_size=12).map(sorted)


def counted(told: Told, spec: ScoreSpec = TINY) -> Score | None:
    score: Score | None = None
    for at, weight in told:
        score = add(score, spec, at, weight)
    return score


def brute(told: Told, at: Millis, spec: ScoreSpec = TINY) -> int:
    end = at // spec.slide * spec.slide
    return sum(weight for told_at, weight in told if end - spec.window <= told_at < end)


def test_an_event_counts_from_the_end_of_its_slide_for_one_window() -> None:
    """The window [end - 1 h, end) moves by the minute."""
    score = add(None, HOURLY, 90_000, 1)
    assert [value(score, HOURLY, at) for at in (90_000, 119_999, 120_000)] == [0, 0, 1]
    assert [value(score, HOURLY, at) for at in (HOUR + 119_999, HOUR + 120_000)] == [1, 0]


def test_the_next_change_is_when_the_event_enters_and_then_when_it_leaves() -> None:
    """So that whoever shows the value knows when to look again."""
    score = add(None, HOURLY, 90_000, 1)
    assert next_change(score, HOURLY, 90_000) == 120_000
    assert next_change(score, HOURLY, 120_000) == HOUR + 120_000
    assert next_change(score, HOURLY, HOUR + 120_000) == NEVER


@given(TOLD, st.integers(0, 150))
def test_the_value_equals_counting_anew_at_any_instant(told: Told, later: int) -> None:
    """Exactness is the promise of a score."""
    at = (told[-1][0] if told else 0) + later
    assert value(counted(told), TINY, at) == brute(told, at)


@given(TOLD, st.integers(0, 80))
def test_between_changes_the_value_stays_and_the_course_names_every_change(told: Told, later: int) -> None:
    """A change that nobody foresees would leave a stale score in Redis."""
    at = (told[-1][0] if told else 0) + later
    score = counted(told)
    foreseen = dict(course(score, TINY, at))
    now = brute(told, at)
    until = next_change(score, TINY, at)
    for instant in range(at, at + 100):
        now = foreseen.get(instant, now)
        assert now == brute(told, instant)
        assert instant >= until or now == brute(told, at)


@given(TOLD, st.integers(0, 80), st.integers(-1, 20))
def test_a_limit_is_reached_until_the_first_instant_at_which_it_is_not(told: Told, later: int, limit: int) -> None:
    """The fast answer that segments use is the slow one."""
    at = (told[-1][0] if told else 0) + later
    truth, until = reaches(counted(told), TINY, at, limit)
    turns = [instant for instant in range(at, at + 100) if (brute(told, instant) >= limit) is not truth]
    assert until == (turns[0] if turns else NEVER)
    assert truth is (brute(told, at) >= limit)


@given(TOLD, st.integers(0, 150))
def test_pruning_takes_nothing_that_still_counts_and_leaves_nothing_that_does_not(told: Told, later: int) -> None:
    """What is remembered of a person ends with its window."""
    at = (told[-1][0] if told else 0) + later
    score = counted(told)
    if score is None:
        return
    pruned = prune(score, TINY, at)
    assert value(pruned, TINY, at) == brute(told, at)
    assert all(start + TINY.window + TINY.slide > at for start, _ in pruned.buckets)
    assert pruned.total == sum(weight for _, weight in pruned.buckets)


@given(TOLD)
def test_a_changed_slide_keeps_what_was_counted(told: Told) -> None:
    """A person whose score is defined anew does not begin at 0."""
    wider = ScoreSpec("tiny", 80, 20, {})
    score = counted(told)
    if score is not None:
        assert fitted(score, wider).total == score.total
        assert all(start % 20 == 0 for start, _ in fitted(score, wider).buckets)


SHEET = ScoreSheet(
    {
        "seen": ScoreSpec("seen", HOUR, MINUTE, {"Product Viewed": 1, "Order Completed": 10}),
        "intent": ScoreSpec("intent", HOUR, MINUTE, {"Product Viewed": 1, "Product Added": 3}, reset_on_order=True),
        "views": ScoreSpec("views", HOUR, MINUTE, {"Product Viewed": 1}, by_category=True),
    }
)


def test_an_order_drops_intent_to_nothing_at_once_and_engagement_keeps_it() -> None:
    """Nobody is about to buy who has just bought; what comes after the order counts again."""
    scores = SHEET.after({}, view(0)).scores
    scores = SHEET.after(scores, add_to_cart(1_000)).scores
    assert SHEET.values(scores, MINUTE) == {"seen": 1, "intent": 4}
    scores = SHEET.after(scores, order(MINUTE)).scores
    assert SHEET.values(scores, MINUTE) == {"seen": 1, "intent": 0}
    scores = SHEET.after(scores, view(MINUTE + 1)).scores
    assert SHEET.values(scores, 2 * MINUTE) == {"seen": 12, "intent": 1}


def test_not_everybody_is_shown_the_end_of_a_slide_at_once() -> None:
    """Or a shop with a hundred thousand visitors an hour would stand still at every hour."""
    scores = {"seen": Score(((0, 1),), 1)}
    seconds = [(SHEET.next_shown(f"u{number}", scores, 0) - MINUTE) // 1_000 for number in range(3_000)]
    assert set(seconds) == set(range(30))
    assert max(map(seconds.count, set(seconds))) < 150
    assert SHEET.after({}, view(0)).until == SHEET.next_shown(view(0).user, scores, 0)
    assert SHEET.next_shown("ada", scores, HOUR + MINUTE) == NEVER


@pytest.mark.parametrize("name", ["Email Opened", "Wishlist Shared", "~"])
def test_names_outside_the_weights_count_nothing(name: str) -> None:
    """They are accepted and kept, and scored 0."""
    assert SHEET.after({}, event(0, Kind.EMAIL, name)).scores == {}


def test_a_score_by_category_counts_each_category_of_the_products() -> None:
    """Written like a segment's name, so that one category has one score however it is spelt."""
    told = event(0, Kind.CLICK, "Product Viewed", lines=(line("a", category="Home & Garden"), line("b")))
    counted_ = SHEET.after({}, told)
    assert set(counted_.scores) == {"seen", "intent", "views.home_garden"}
    assert counted_.keys == ("views.home_garden",)
