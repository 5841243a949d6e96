"""Visits of people who bought nothing in the four weeks: alone on the edges of the rules, a millisecond either side."""

from __future__ import annotations

from collections.abc import Callable

from tests.baskets.steps import A_HAIR, DAY_AFTER, WAIT, WEEK_AFTER, Visitor, filling, play, until
from udfs.time import DAY, HOUR, Millis

Story = Callable[[Visitor, Millis, Millis], int]
"""Takes the visitor, the start of the slice and live_from (both ms); returns how many visits it told."""


def _leave(visitor: Visitor, deadline: Millis, most: int = 3) -> str:
    """Fill a cart so that it is abandoned at `deadline`; returns its id."""
    cart = visitor.cart()
    plan = filling(visitor, visitor.some(most), cart)
    play(plan, until(visitor.dice, deadline - WAIT, len(plan)))
    return cart


def a_week_after_the_reminder(visitor: Visitor, start: Millis, live_from: Millis) -> int:
    """Comes again when the last mail, the reminder, is about a week old, and once more in between."""
    visitor.diary.consent(start, True)
    first = live_from + visitor.dice.randint(HOUR, 3 * DAY)
    _leave(visitor, first)
    _leave(visitor, first + visitor.dice.randint(2 * DAY_AFTER, WEEK_AFTER))
    _leave(visitor, first + DAY_AFTER + WEEK_AFTER + visitor.dice.choice(A_HAIR))
    return 3


def a_week_after_the_first_mail(visitor: Visitor, start: Millis, live_from: Millis) -> int:
    """The reminder fell away because the cart changed, so a week counts from the first mail."""
    visitor.diary.consent(start, True)
    first = live_from + visitor.dice.randint(HOUR, 3 * DAY)
    cart = _leave(visitor, first)
    visitor.diary.add(first + visitor.dice.randint(1, DAY_AFTER), visitor.some(1)[0], cart)
    _leave(visitor, first + WEEK_AFTER + visitor.dice.choice(A_HAIR))
    return 3


def going_live(visitor: Visitor, start: Millis, live_from: Millis) -> int:
    """Leaves a cart when the campaign goes live; one left before is no entry, so the next is."""
    visitor.diary.consent(start, True)
    _leave(visitor, live_from - visitor.dice.randint(HOUR, DAY_AFTER))
    _leave(visitor, live_from + visitor.dice.choice(A_HAIR))
    return 2


def saying_yes(visitor: Visitor, start: Millis, live_from: Millis) -> int:
    """Never asked, then agrees at the deadline, or a millisecond beside it; says so again later."""
    deadline = live_from + visitor.dice.randint(HOUR, 9 * DAY)
    _leave(visitor, deadline)
    visitor.diary.identify(start + HOUR, country="US")
    visitor.diary.consent(deadline + visitor.dice.choice(A_HAIR), True)
    _leave(visitor, deadline + 3 * DAY)
    return 2


def saying_no(visitor: Visitor, start: Millis, live_from: Millis) -> int:
    """Got a mail and opts out at the reminder's instant, or a millisecond beside it."""
    visitor.diary.consent(start, True)
    deadline = live_from + visitor.dice.randint(HOUR, 9 * DAY)
    _leave(visitor, deadline)
    visitor.diary.consent(deadline + DAY_AFTER + visitor.dice.choice(A_HAIR), False)
    _leave(visitor, deadline + 9 * DAY)
    return 2


def coming_daily(visitor: Visitor, start: Millis, live_from: Millis) -> int:
    """Leaves a cart every day for ten days and hears of it once, or twice."""
    visitor.diary.consent(start, visitor.dice.random() < 0.9)
    first = live_from - visitor.dice.randint(0, 2 * DAY)
    for day in range(10):
        _leave(visitor, first + day * DAY + visitor.dice.randint(0, HOUR), most=1)
    return 10


STORIES: dict[Story, int] = {
    a_week_after_the_reminder: 24,
    a_week_after_the_first_mail: 18,
    going_live: 15,
    saying_yes: 15,
    saying_no: 15,
    coming_daily: 8,
}
