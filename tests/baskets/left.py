"""Visits that leave a cart behind, or seem to; each begins about `at` with the wishes of the household."""

from __future__ import annotations

from collections.abc import Callable

from tests.baskets.steps import (
    A_HAIR,
    DAY_AFTER,
    LATEST,
    WAIT,
    Visitor,
    adding,
    ambling,
    checking_out,
    doing,
    filling,
    gap,
    looking,
    play,
    removing,
    seeing,
    since,
)
from udfs.time import HOUR, MINUTE, Millis

Left = Callable[[Visitor, Millis], None]


def plainly(visitor: Visitor, at: Millis) -> None:
    """Fill a cart and go."""
    cart = visitor.dice.choice([visitor.cart(), visitor.cart(), None])
    plan = filling(visitor, visitor.some(), cart)
    plan += [checking_out(visitor, cart)] if visitor.dice.random() < 0.3 else []
    play(plan, since(visitor.dice, at, len(plan)))


def lingering(visitor: Visitor, at: Millis) -> None:
    """Stay on the site after the last change, or open a mail, which is no activity."""
    cart = visitor.cart()
    plan = filling(visitor, visitor.some(), cart)
    plan += [seeing(visitor, ware) for ware in visitor.some(3)]
    plan += [doing(visitor, visitor.dice.choice(["Coupon Entered", "Product Shared", "Email Opened"]))]
    play(plan, since(visitor.dice, at, len(plan)))


def to_the_latest(visitor: Visitor, at: Millis) -> None:
    """Look around until after the deadline can move no further."""
    cart = visitor.cart()
    plan = filling(visitor, visitor.some(2), cart)
    change = play(plan, since(visitor.dice, at, len(plan)))
    ambling(visitor, change, change + LATEST + visitor.dice.choice([-WAIT - 1, -WAIT, -1, 0, 1, 2 * WAIT]))


def emptied(visitor: Visitor, at: Millis) -> None:
    """Take everything out again, one by one or by a look at an empty cart; sometimes at the very deadline."""
    cart, wares = visitor.cart(), visitor.some()
    plan = filling(visitor, wares, cart)
    last = play(plan, since(visitor.dice, at, len(plan)))
    if visitor.dice.random() < 0.5:
        visitor.diary.look(last + WAIT + visitor.dice.choice(A_HAIR), cart, [])
        return
    out = [removing(visitor, ware, cart, visitor.dice.choice([None, ware.quantity, 30])) for ware in wares]
    play(out, since(visitor.dice, last + gap(visitor.dice), len(out)))


def looked_at_again(visitor: Visitor, at: Millis) -> None:
    """Come back within the day for a mere look, with and without the list of what is in it."""
    cart, wares = visitor.cart(), visitor.some(3)
    plan = [adding(visitor, ware, cart) for ware in wares]
    last = play(plan, since(visitor.dice, at, len(plan)))
    again = last + visitor.dice.randint(WAIT, 20 * HOUR)
    play([looking(visitor, cart), looking(visitor, cart, wares)], [again, again + MINUTE])


def taken_up_again(visitor: Visitor, at: Millis) -> None:
    """Change the same cart before the reminder, at its instant, or right after it."""
    cart = visitor.cart()
    plan = filling(visitor, visitor.some(), cart)
    last = play(plan, since(visitor.dice, at, len(plan)))
    rested = visitor.dice.choice([visitor.dice.randint(HOUR, 26 * HOUR), *(DAY_AFTER + hair for hair in A_HAIR)])
    ware = visitor.some(1)[0]
    again = visitor.dice.choice([adding(visitor, ware, cart), removing(visitor, ware, cart, None)])
    again(last + WAIT + rested)


def opting_out(visitor: Visitor, at: Millis) -> None:
    """Withdraw consent before, at or after the mail's instant or the reminder's; some give it again."""
    plan = filling(visitor, visitor.some(2), visitor.cart())
    last = play(plan, since(visitor.dice, at, len(plan)))
    about = last + WAIT + visitor.dice.choice([0, DAY_AFTER, visitor.dice.randint(0, DAY_AFTER)])
    visitor.diary.consent(about + visitor.dice.choice(A_HAIR), False)
    if visitor.dice.random() < 0.7:
        visitor.diary.consent(about + visitor.dice.choice([1, 2 * DAY_AFTER]), True)


def asking(visitor: Visitor, at: Millis) -> None:
    """Tell the shop something that says nothing about consent, in the middle of a visit."""
    plan = filling(visitor, visitor.some(2), visitor.cart())
    last = play(plan, since(visitor.dice, at, len(plan)))
    visitor.diary.identify(last + WAIT, loyalty_tier=visitor.dice.choice(["gold", "silver"]))


def two_at_once(visitor: Visitor, at: Millis) -> None:
    """Two carts whose last changes share a millisecond, and so their deadlines."""
    first, second = visitor.cart(), visitor.cart()
    one, other = visitor.some(1)[0], visitor.some(1)[0]
    play([adding(visitor, one, first), adding(visitor, other, second)], [at, at])


def looking_in_time(visitor: Visitor, at: Millis) -> None:
    """A last look around at the deadline, which puts it off, or a millisecond beside it."""
    plan = filling(visitor, visitor.some(2), visitor.cart())
    last = play(plan, since(visitor.dice, at, len(plan)))
    look = visitor.dice.choice([seeing(visitor, visitor.some(1)[0]), doing(visitor, "Coupon Denied")])
    look(last + WAIT + visitor.dice.choice(A_HAIR))


def put_right_at_the_checkout(visitor: Visitor, at: Millis) -> None:
    """The checkout lists something else than what was added, and nobody pays."""
    cart = visitor.cart()
    plan = [*filling(visitor, visitor.some(), cart), checking_out(visitor, cart, visitor.some())]
    play(plan, since(visitor.dice, at, len(plan)))


def a_day_after(visitor: Visitor, order: Millis) -> None:
    """Leave a cart so that its deadline is a day after `order`, or a millisecond beside it: courtesy ends there."""
    visitor.diary.add(order + DAY_AFTER - WAIT + visitor.dice.choice(A_HAIR), visitor.some(1)[0], visitor.cart())


LEFT: dict[Left, int] = {
    plainly: 30,
    lingering: 14,
    to_the_latest: 1,
    emptied: 10,
    looked_at_again: 8,
    taken_up_again: 12,
    opting_out: 7,
    asking: 3,
    two_at_once: 5,
    looking_in_time: 5,
    put_right_at_the_checkout: 5,
}
