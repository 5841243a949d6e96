"""Visits that lead to a real purchase: the order is the package's basket, at the package's time."""

from __future__ import annotations

from collections.abc import Callable

from tests.baskets.purchases import Basket
from tests.baskets.steps import (
    A_HAIR,
    DAY_AFTER,
    LATEST,
    WAIT,
    Act,
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
    until,
)
from udfs.time import HOUR, MINUTE

Bought = Callable[[Visitor, Basket], None]


def _finish(visitor: Visitor, basket: Basket, cart: str | None) -> None:
    visitor.diary.order(basket.at, f"o{basket.basket_id}", basket.wares, cart)


def plainly(visitor: Visitor, basket: Basket) -> None:
    """Fill the cart, look, check out, pay."""
    cart = visitor.cart()
    plan = filling(visitor, basket.wares, cart)
    for extra in (looking(visitor, cart), checking_out(visitor, cart), doing(visitor, "Payment Info Entered", cart)):
        plan += [extra] if visitor.dice.random() < 0.5 else []
    play(plan, until(visitor.dice, basket.at - gap(visitor.dice), len(plan)))
    _finish(visitor, basket, cart)


def without_cart_id(visitor: Visitor, basket: Basket) -> None:
    """Segment's own Order Completed: it does not say which cart."""
    plan = filling(visitor, basket.wares, visitor.cart())
    play(plan, until(visitor.dice, basket.at - gap(visitor.dice), len(plan)))
    _finish(visitor, basket, None)


def without_any_cart_id(visitor: Visitor, basket: Basket) -> None:
    """A shop that knows no cart ids: everything concerns the cart touched last."""
    plan = [*filling(visitor, basket.wares, None), checking_out(visitor, None)]
    play(plan, until(visitor.dice, basket.at - gap(visitor.dice), len(plan)))
    _finish(visitor, basket, None)


def replaced(visitor: Visitor, basket: Basket) -> None:
    """What was added differs from what the checkout lists, and the checkout is right."""
    cart = visitor.cart()
    plan = [*filling(visitor, visitor.some(), cart), checking_out(visitor, cart, basket.wares)]
    play(plan, until(visitor.dice, basket.at - gap(visitor.dice), len(plan)))
    _finish(visitor, basket, cart)


def changing_mind(visitor: Visitor, basket: Basket) -> None:
    """Things go in and out again, some more often than they are there, and a look at the cart lists its content."""
    cart = visitor.cart()
    dropped = visitor.some(2)
    plan = filling(visitor, [*dropped, *basket.wares], cart)
    plan += [removing(visitor, ware, cart, visitor.dice.choice([None, 1, 9])) for ware in dropped]
    plan.append(looking(visitor, cart, basket.wares))
    play(plan, until(visitor.dice, basket.at - gap(visitor.dice), len(plan)))
    _finish(visitor, basket, cart)


def at_the_deadline(visitor: Visitor, basket: Basket) -> None:
    """The order comes at the deadline to the millisecond, or one before, or one after."""
    cart = visitor.cart()
    plan = filling(visitor, basket.wares, cart)
    play(plan, until(visitor.dice, basket.at - WAIT + visitor.dice.choice(A_HAIR), len(plan)))
    _finish(visitor, basket, cart)


def at_the_latest(visitor: Visitor, basket: Basket) -> None:
    """Looks around for hours until the deadline moves no further, and orders there, or a millisecond beside it."""
    cart = visitor.cart()
    plan = filling(visitor, basket.wares[:2], cart)
    change = play(plan, until(visitor.dice, basket.at - LATEST + visitor.dice.choice(A_HAIR), len(plan)))
    ambling(visitor, change, basket.at - visitor.dice.choice([0, 1, WAIT, 3 * MINUTE]))
    _finish(visitor, basket, cart)


def after_a_night(visitor: Visitor, basket: Basket) -> None:
    """Leaves the cart, and buys later: within the day, or about the instant of the reminder, or after it."""
    cart = visitor.cart()
    plan = filling(visitor, basket.wares, cart)
    slept = visitor.dice.choice([visitor.dice.randint(HOUR, 30 * HOUR), *(DAY_AFTER + hair for hair in A_HAIR)])
    play(plan, until(visitor.dice, basket.at - WAIT - slept, len(plan)))
    _finish(visitor, basket, visitor.dice.choice([cart, None]))


def with_two_carts(visitor: Visitor, basket: Basket) -> None:
    """A second cart holds some of what is bought and something else; only the first one is ordered."""
    first, second = visitor.cart(), visitor.cart()
    plan = filling(visitor, basket.wares, first)
    plan += filling(visitor, [basket.wares[0], *visitor.some(2)], second)
    visitor.dice.shuffle(plan)
    play(plan, until(visitor.dice, basket.at - gap(visitor.dice), len(plan)))
    _finish(visitor, basket, first)


def elsewhere(visitor: Visitor, basket: Basket) -> None:
    """The order names a cart that we never saw (the app's); the web cart held the same things or more."""
    cart = visitor.cart()
    more = visitor.some(2) if visitor.dice.random() < 0.5 else []
    plan = filling(visitor, [*basket.wares, *more], cart)
    play(plan, until(visitor.dice, basket.at - gap(visitor.dice), len(plan)))
    _finish(visitor, basket, visitor.cart())


def in_one_millisecond(visitor: Visitor, basket: Basket) -> None:
    """The last things of the visit carry the order's own millisecond."""
    cart = visitor.cart()
    plan: list[Act] = [*filling(visitor, basket.wares, cart), adding(visitor, visitor.some(1)[0], cart)]
    moments = until(visitor.dice, basket.at, len(plan))
    play(plan, [*moments[:-2], *[basket.at] * len(moments[-2:])])
    _finish(visitor, basket, visitor.dice.choice([cart, None]))


def taken_back(visitor: Visitor, basket: Basket) -> None:
    """Bought, then refunded or cancelled: facts change, no cart reopens, and the day of courtesy stays."""
    plainly(visitor, basket)
    event = visitor.dice.choice(["Order Refunded", "Order Cancelled", "Order Updated"])
    later = basket.at + visitor.dice.randint(MINUTE, 60 * HOUR)
    visitor.diary.track(later, event, order_id=f"o{basket.basket_id}", total=1.0, currency="USD")


BOUGHT: dict[Bought, int] = {
    plainly: 30,
    without_cart_id: 8,
    without_any_cart_id: 8,
    replaced: 8,
    changing_mind: 10,
    at_the_deadline: 9,
    at_the_latest: 1,
    after_a_night: 9,
    with_two_carts: 6,
    elsewhere: 4,
    in_one_millisecond: 4,
    taken_back: 6,
}
