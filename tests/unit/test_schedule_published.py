"""A send that is published to people who are there already: asked at their instant, or at once, and nobody twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.customer import LONG_AFTER, NOON, consent, view
from tests.unit.test_schedule import AT, AT_UTC, LISTED, NEW_YORK, NIGHT, SENDS, TOKYO, at_home, on, rule, text, travels
from udfs.campaign_rule import CampaignRule, Told
from udfs.events import Event, Kind
from udfs.memory_driver import drive
from udfs.news import News
from udfs.outputs import Decision
from udfs.published import END, PUBLISH
from udfs.time import DAY, HOUR, MINUTE, Millis

NOTHING = text("at = 2026-01-01T10:00:00", 'list = "nobody"').replace('"news"\n\n', '"nothing"\n\n')

JUDGED = 'segments = ["new", "hot"]\n'
AFTER = (SENDS[0].replace('throttle = "3h"', 'throttle = "30min"'), SENDS[2].replace("12:00", "13:00"))


def publication(content: str, at: Millis, order: int = 1) -> News:
    name = content.split('"')[1]
    return News(Kind.CAMPAIGN, name, at, at, order, PUBLISH, content.encode(), f"{name}.toml")


def story(
    first: CampaignRule, then: Sequence[News], events: Sequence[Event], tick: Millis = 1000, shards: int = 4
) -> list[Told]:
    told = drive(first, events, LONG_AFTER, tick=tick, shards=shards, news=then)
    assert told.states == {}
    assert told.refused == []
    return told.emitted


def published(then: str, at: Millis, *events: Event, first: str = NOTHING) -> list[tuple[Millis, str]]:
    emitted = story(rule(first), [publication(then, at)], events)
    return [(one.at, one.reason) for one in emitted if isinstance(one, Decision)]


@pytest.mark.parametrize("tick", [1, 1000, HOUR, 30 * DAY])
def test_whoever_was_there_before_is_asked_at_their_instant(tick: Millis) -> None:
    """Without an event of theirs after the publication."""
    emitted = story(rule(NOTHING), [publication(text(), NOON)], LISTED, tick)
    assert [(one.at, one.reason) for one in emitted if isinstance(one, Decision)] == [(AT_UTC, "sent")]


def test_what_is_published_too_late_goes_out_at_once_or_not_any_more() -> None:
    """Where the hour is past; elsewhere at its instant. How old it is counts from the hour."""
    at = AT_UTC + HOUR
    assert published(text(), at, *LISTED) == [(at, "sent")]
    assert published(text(), at, *LISTED, at_home(NOON, NEW_YORK)) == [(AT_UTC + 4 * HOUR, "sent")]
    assert published(text(), at, *LISTED, at_home(NOON, TOKYO)) == [(at, "sent")]
    assert published(text(), at + 3 * HOUR, *LISTED, at_home(NOON, TOKYO)) == [(at + 3 * HOUR, "expired")]
    assert published(text(), at, consent(NOON), on(at + 1)) == []


def test_an_hour_that_is_that_of_the_publication_has_not_come() -> None:
    """News go before the events of their instant, and deadlines after them."""
    assert published(text(), AT_UTC, *LISTED) == [(AT_UTC, "sent")]
    assert published(text(), AT_UTC, consent(NOON), on(AT_UTC)) == [(AT_UTC, "sent")]


def test_a_mended_file_asks_nobody_again() -> None:
    """Before the hour, after it, and while some of the world still has it before them."""
    for at in (NOON, AT_UTC, AT_UTC + 1, AT_UTC + DAY):
        assert published(text(top="# mended"), at, *LISTED, first=text()) == [(AT_UTC, "sent")]


def test_another_throttle_asks_nobody_twice() -> None:
    """Whoever had their turn is done, and the others have a new one, whichever way it changed."""
    events = [one for n in range(60) for one in (consent(NOON, user=f"u{n}"), on(NOON, user=f"u{n}"))]
    short, long = (text(f'at = {AT}\nthrottle = "{length}"') for length in ("1h", "4h"))
    for first, then in ((short, long), (long, short)):
        emitted = story(rule(first), [publication(then, AT_UTC + 20 * MINUTE)], events)
        asked = Counter(one.user_id for one in emitted if isinstance(one, Decision))
        assert asked == Counter({f"u{n}": 1 for n in range(60)})


def test_a_send_that_is_taken_back_is_not_sent() -> None:
    """And says so to whoever would have had it."""
    end = News(Kind.CAMPAIGN, "news", NOON, NOON, 1, END)
    emitted = story(rule(), [end], LISTED)
    assert [(one.at, one.reason) for one in emitted if isinstance(one, Decision)] == [(AT_UTC, "campaign_ended")]


def test_whoever_comes_later_is_asked_like_the_others() -> None:
    """Their first event finds the timetable of then."""
    assert published(text(), NOON, consent(NOON + HOUR), on(NOON + HOUR + 1)) == [(AT_UTC, "sent")]
    assert published(text(), NOON, view(NOON + HOUR)) == []


@settings(deadline=None, max_examples=80)
@given(
    travels(),
    st.integers(0, 60).map(lambda hour: NOON + hour * HOUR),
    st.sampled_from([50, 60_000, HOUR, 7 * DAY]),
    st.integers(1, 5),
    st.booleans(),
)
def test_neither_ticks_nor_shards_matter_and_nobody_is_asked_twice(
    events: list[Event], at: Millis, tick: Millis, shards: int, swapped: bool
) -> None:
    """Whatever is published when: the same answers, one first answer each."""
    first, then = (AFTER, SENDS) if swapped else (SENDS, AFTER)
    news = [publication(content, at, order) for order, content in enumerate(then)]
    one, other = (
        story(rule(*first, governor=JUDGED + NIGHT), news, events, length, number)
        for length, number in ((1000, 4), (tick, shards))
    )
    assert Counter(map(repr, one)) == Counter(map(repr, other))
    answers = [told for told in one if isinstance(told, Decision)]
    firsts = Counter((told.user_id, told.signal_id) for told in answers if told.step == 1 and told.follows is None)
    assert set(firsts.values()) <= {1}
