"""When a cart is abandoned: to the millisecond, once for each spell."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.abandonment_oracle import abandoned
from tests.unit.customer import (
    LONG_AFTER,
    NOON,
    add,
    campaign_text,
    config,
    event,
    line,
    look,
    look_empty,
    order,
    remove,
    shipped,
    view,
)
from udfs.campaign_rule import CampaignRule
from udfs.events import Event, Kind
from udfs.memory_driver import drive
from udfs.outputs import Decision
from udfs.time import HOUR, MINUTE, Millis

THIS_CART_ONLY = 'activity = "cart"'


def signals(events: Sequence[Event], signal: str = "", until: Millis = LONG_AFTER) -> list[tuple[Millis, str | None]]:
    """When which cart was abandoned; nobody consents here, so that no mail disturbs."""
    rule = CampaignRule(config(campaign_text(signal=signal))) if signal else shipped()
    story = drive(rule, events, stop_at=until)
    assert story.left_over == {}
    return [(told.at, told.cart_id) for told in story.emitted if isinstance(told, Decision)]


def test_a_cart_is_abandoned_ten_minutes_after_the_last_activity() -> None:
    """At that very millisecond, not at the end of a tick."""
    assert signals([add(NOON), view(NOON + MINUTE + 7)]) == [(NOON + 11 * MINUTE + 7, "c1")]


def test_an_event_at_the_deadline_still_counts_and_one_after_it_does_not() -> None:
    """The last moment belongs to the customer."""
    assert signals([add(NOON), view(NOON + 10 * MINUTE)]) == [(NOON + 20 * MINUTE, "c1")]
    assert signals([add(NOON), view(NOON + 10 * MINUTE + 1)]) == [(NOON + 10 * MINUTE, "c1")]


def test_an_order_at_the_deadline_ends_the_spell_without_a_signal() -> None:
    """One second later it would have been a mail to a buyer."""
    assert signals([add(NOON), order(NOON + 10 * MINUTE)]) == []


@pytest.mark.parametrize("emptied", [remove(NOON + MINUTE), look_empty(NOON + MINUTE), order(NOON + MINUTE, cart="c1")])
def test_a_cart_that_becomes_empty_ends_its_spell(emptied: Event) -> None:
    """However it became empty."""
    assert signals([add(NOON), emptied, view(NOON + 2 * MINUTE)]) == []


def test_a_change_restarts_the_spell_and_there_is_one_signal() -> None:
    """Its fact spell_start says since when."""
    told = drive(shipped(), [add(NOON), add(NOON + 9 * MINUTE, "pen")], stop_at=LONG_AFTER).emitted
    assert [(one.at, one.facts["spell_start"]) for one in told if isinstance(one, Decision)] == [
        (NOON + 19 * MINUTE, str(NOON + 9 * MINUTE))
    ]


def test_a_mere_look_starts_no_spell() -> None:
    """Else a click in the mail would bring the next mail."""
    seen = [add(NOON), look(NOON + HOUR), look(NOON + 2 * HOUR, "mug"), view(NOON + 3 * HOUR)]
    assert signals(seen) == [(NOON + 10 * MINUTE, "c1")]


def test_after_a_signal_the_next_change_starts_the_next_spell() -> None:
    """The cart keeps what is in it."""
    assert signals([add(NOON), remove(NOON + HOUR), add(NOON + HOUR + 1)]) == [
        (NOON + 10 * MINUTE, "c1"),
        (NOON + HOUR + 1 + 10 * MINUTE, "c1"),
    ]


def test_activity_puts_the_deadline_off_until_four_hours_after_the_last_change() -> None:
    """Who strolls about all day has left the cart all the same."""
    strolling = [view(NOON + minutes * MINUTE) for minutes in range(1, 500, 5)]
    assert signals([add(NOON), *strolling]) == [(NOON + 4 * HOUR, "c1")]


def test_a_look_does_not_move_the_latest_instant_but_a_change_does() -> None:
    """Latest is counted from the last change of content."""
    strolling = [view(NOON + minutes * MINUTE) for minutes in range(1, 500, 5)]
    assert signals([add(NOON), look(NOON + HOUR, "mug"), *strolling]) == [(NOON + 4 * HOUR, "c1")]
    assert signals([add(NOON), add(NOON + HOUR, "pen"), *strolling]) == [(NOON + 5 * HOUR, "c1")]


def test_what_an_order_takes_out_leaves_a_running_spell_as_it_is() -> None:
    """Neither is it activity."""
    partly = [add(NOON, line("mug", 2)), order(NOON + 5 * MINUTE, line("mug", 1), cart="another")]
    assert signals(partly) == [(NOON + 10 * MINUTE, "c1")]


@pytest.mark.parametrize("kind", [Kind.EMAIL, Kind.PROFILE, Kind.ORDER])
def test_only_clicks_and_cart_events_are_activity(kind: Kind) -> None:
    """A mail that is opened, perhaps by a machine, is none."""
    assert signals([add(NOON), event(NOON + MINUTE, kind, "Something")]) == [(NOON + 10 * MINUTE, "c1")]


def test_with_activity_cart_only_events_of_this_cart_move_it() -> None:
    """Looks at it, too, up to the same latest instant."""
    seen = [add(NOON), view(NOON + MINUTE), add(NOON + 2 * MINUTE, cart="c2"), look(NOON + 3 * MINUTE, cart="c1")]
    assert signals(seen, THIS_CART_ONLY) == [(NOON + 12 * MINUTE, "c2"), (NOON + 13 * MINUTE, "c1")]
    looking = [look(NOON + minutes * MINUTE) for minutes in range(1, 500, 5)]
    assert signals([add(NOON), *looking], THIS_CART_ONLY) == [(NOON + 4 * HOUR, "c1")]


def test_a_late_event_acts_at_its_effective_time() -> None:
    """It is told there, and flagged."""
    assert signals([add(NOON, late=True)]) == [(NOON + 10 * MINUTE, "c1")]


def test_deadlines_of_one_instant_go_by_cart() -> None:
    """So that the cart that gets the day's only mail is always the same."""
    assert [cart for _, cart in signals([add(NOON, cart="b"), add(NOON, cart="a")])] == ["a", "b"]


PRODUCTS = st.lists(st.builds(line, st.sampled_from("xy"), st.none() | st.integers(1, 3)), min_size=1, max_size=2)
TIMES = st.integers(0, 60)
CARTS = st.sampled_from([None, "", "c1", "c2"])
MESSAGE_IDS = st.uuids().map(str)
EVENTS = st.one_of(
    st.builds(view, TIMES, message_id=MESSAGE_IDS),
    st.builds(
        lambda at, products, **told: add(at, *products, **told), TIMES, PRODUCTS, cart=CARTS, message_id=MESSAGE_IDS
    ),
    st.builds(
        lambda at, products, **told: remove(at, *products, **told), TIMES, PRODUCTS, cart=CARTS, message_id=MESSAGE_IDS
    ),
    st.builds(
        lambda at, product, **told: look(at, *product, **told),
        TIMES,
        st.lists(st.sampled_from("xy"), max_size=2, unique=True),
        cart=CARTS,
        message_id=MESSAGE_IDS,
    ),
    st.builds(look_empty, TIMES, cart=CARTS, message_id=MESSAGE_IDS),
    st.builds(
        lambda at, products, **told: order(at, *products, **told), TIMES, PRODUCTS, cart=CARTS, message_id=MESSAGE_IDS
    ),
)


@settings(deadline=None, max_examples=150)
@given(st.lists(EVENTS, max_size=14), st.integers(1, 9), st.integers(0, 20), st.sampled_from(["site", "cart"]))
def test_deadlines_are_those_that_a_look_at_every_millisecond_finds(
    events: list[Event], wait: Millis, more: Millis, activity: str
) -> None:
    """The rule moves deadlines as events come; the oracle looks back from each instant."""
    latest = wait + more
    terms = f'wait = "{wait}ms"\nactivity = "{activity}"\nlatest = "{latest}ms"'
    until = 60 + wait + latest
    assert signals(events, terms, until) == abandoned(events, until, wait, latest, activity)
