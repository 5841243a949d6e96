"""When everybody's orders fall silent, to the millisecond, and what does not count as silence."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.customer import NOON, event, order
from udfs.events import Event, Kind
from udfs.memory_driver import drive
from udfs.order_silence import AT_LEAST, KNOWN, MISSED, TIMES, USUAL, OrderFlow, OrdersFlow, OrderSilence, OrdersSilent
from udfs.time import HOUR, MINUTE, SECOND, Millis

Told = OrdersSilent | OrdersFlow
GAP = MINUTE
LAST = NOON + 2 * KNOWN * GAP
SILENT = LAST + TIMES * GAP


def checkout(at: Millis, number: int = 0) -> Event:
    return event(at, Kind.CART, "Checkout Started", user="all", message_id=f"c{at}-{number}")


def ordered(at: Millis, number: int = 0) -> Event:
    return order(at, user="all", message_id=f"o{at}-{number}")


def busy(gap: Millis = GAP, checkouts: int = 1) -> list[Event]:
    """An order every minute up to LAST, each behind so many checkouts."""
    orders = [LAST - number * gap for number in range(2 * KNOWN + 1)]
    return [*map(ordered, orders), *(checkout(at - 1, number) for at in orders for number in range(checkouts))]


def checkouts(count: int, every: Millis = GAP, after: Millis = LAST) -> list[Event]:
    return [checkout(after + (number + 1) * every) for number in range(count)]


def told(events: Sequence[Event], length: Millis | None = None, until: Millis | None = None) -> list[Told]:
    known = [one for one in events if until is None or one.at <= until]
    return list(drive(OrderSilence(length), known, until).emitted)


def test_orders_are_silent_after_twenty_usual_gaps_with_checkouts_in_them() -> None:
    """And flow again with the next order."""
    silent = OrdersSilent(SILENT, LAST, TIMES * GAP, MISSED)
    assert told([*busy(), *checkouts(30)]) == [silent]
    assert told([*busy(), *checkouts(30)], until=SILENT - 1) == []
    again = ordered(SILENT + 7 * MINUTE)
    assert told([*busy(), *checkouts(30), again]) == [silent, OrdersFlow(SILENT + 7 * MINUTE, SILENT)]


def test_an_order_at_the_instant_itself_still_counts() -> None:
    """The last moment belongs to the customer, here too."""
    assert told([*busy(), *checkouts(30), ordered(SILENT)], until=SILENT + MINUTE) == []


def test_where_nobody_checks_out_nobody_is_missing() -> None:
    """A quiet night is no failure; the fifth checkout in the time of the silence is the sign."""
    assert told([*busy(), *checkouts(MISSED - 1)], until=LAST + 9 * HOUR) == []
    late = checkouts(MISSED, every=MINUTE, after=LAST + HOUR)
    assert told([*busy(), *late])[0].at == late[-1].at
    thin = checkouts(40, every=TIMES * GAP // (MISSED - 1))
    assert told([*busy(), *thin]) == []


def test_where_most_checkouts_end_without_an_order_more_of_them_are_needed() -> None:
    """Three checkouts go with an order here, so fifteen are five orders."""
    assert told([*busy(checkouts=3), *checkouts(14, every=SECOND)], until=SILENT + HOUR) == []
    assert told([*busy(checkouts=3), *checkouts(15, every=SECOND)], until=SILENT) != []


def test_a_large_shop_waits_ten_minutes_at_least() -> None:
    """Twenty seconds without an order are nothing."""
    flow = [*busy(gap=SECOND), *checkouts(700, every=SECOND)]
    assert told(flow)[0].at == LAST + AT_LEAST


def test_a_shop_that_few_orders_are_known_of_has_no_usual_gap() -> None:
    """Unknown is not silent; a length that is written down needs no gap."""
    few = [ordered(LAST - number * GAP) for number in range(KNOWN)]
    assert told([*few, *checkouts(99)]) == []
    assert told([*few, *checkouts(99)], length=30 * MINUTE)[0].at == LAST + 30 * MINUTE
    assert told(checkouts(99), length=30 * MINUTE) == []


def test_a_silence_hardly_changes_what_is_usual() -> None:
    """It is one gap of many, and so are the checkouts in it."""
    back = [ordered(SILENT + HOUR + number * GAP) for number in range(5)]
    last = back[-1].at
    assert [type(one) for one in told([*busy(), *checkouts(70), *back, *checkouts(30, after=last)])] == [
        OrdersSilent,
        OrdersFlow,
        OrdersSilent,
    ]
    assert told([*busy(), *checkouts(70), *back, *checkouts(30, after=last)])[-1].at == last + TIMES * GAP


STEPS = st.sampled_from([0, 1, SECOND, 20 * SECOND, MINUTE, 30 * MINUTE])


@st.composite
def shops(draw: st.DrawFn) -> list[Event]:
    """Orders and checkouts with silences in between."""
    at = NOON
    events: list[Event] = []
    for step, runs in draw(st.lists(st.tuples(STEPS, st.integers(1, 40)), min_size=1, max_size=12)):
        quiet = draw(st.booleans())
        for number in range(runs):
            at += step
            make = checkout if quiet or number % 4 == 0 else ordered
            events.append(make(at, len(events)))
    return events


@settings(deadline=None, max_examples=60)
@given(shops(), st.sampled_from([1, 1000, HOUR]), st.data())
def test_neither_arrival_nor_ticks_change_when_orders_are_silent(
    events: list[Event], tick: Millis, data: st.DataObject
) -> None:
    """Like every decision."""
    plain = told(events)
    assert list(drive(OrderSilence(), data.draw(st.permutations(events)), tick=tick).emitted) == plain
    kinds = [type(one) for one in plain]
    assert kinds == [OrdersSilent, OrdersFlow] * (len(kinds) // 2) + [OrdersSilent] * (len(kinds) % 2)


@settings(deadline=None, max_examples=60)
@given(shops())
def test_only_the_last_orders_are_needed_to_go_on(events: list[Event]) -> None:
    """So that whoever begins in the middle of a long log says the same from then on."""
    orders = sorted(one.at for one in events if one.kind is Kind.ORDER)
    if len(orders) <= USUAL + 1:
        return
    since = orders[-USUAL - 2]
    whole = drive(OrderSilence(), events)
    tail = drive(OrderSilence(), [one for one in events if one.at >= since])
    assert [one for one in whole.emitted if one.at > orders[-1]] == [one for one in tail.emitted if one.at > orders[-1]]
    assert _needed(whole.states["all"]) == _needed(tail.states["all"])
    assert whole.wakes == tail.wakes


def _needed(flow: OrderFlow) -> tuple[object, ...]:
    return flow.orders, flow.before[1:], flow.checkouts, flow.silent_since
