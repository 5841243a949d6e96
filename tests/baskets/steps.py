"""The pieces that visits are made of: plans of small acts, and the moments at which they happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from tests.baskets.diary import Diary
from tests.baskets.purchases import Ware
from udfs.time import HOUR, MINUTE, SECOND, Millis

WAIT = 10 * MINUTE
LATEST = 4 * HOUR
DAY_AFTER = 24 * HOUR
WEEK_AFTER = 7 * DAY_AFTER
A_HAIR = (-1, 0, 1)

Act = Callable[[Millis], None]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who visits: the diary that is written, the dice, and what this person ever bought."""

    diary: Diary
    dice: Random
    wishes: Sequence[Ware]

    def some(self, most: int = 4) -> list[Ware]:
        """A few of the wishes, at least one."""
        return self.dice.sample(self.wishes, min(len(self.wishes), self.dice.randint(1, most)))

    def cart(self) -> str:
        return f"c{self.dice.getrandbits(40):010x}"


def gap(dice: Random) -> Millis:
    """How long people look before they do the next thing; now and then longer than a cart waits."""
    if dice.random() < 0.03:
        return dice.randint(8 * MINUTE, 13 * MINUTE)
    return dice.randint(2 * SECOND, 4 * MINUTE)


def until(dice: Random, last: Millis, count: int) -> list[Millis]:
    """`count` moments of which the last is exactly `last`."""
    back = accumulate((gap(dice) for _ in range(count - 1)), initial=0)
    return [last - behind for behind in back][::-1]


def since(dice: Random, first: Millis, count: int) -> list[Millis]:
    """`count` moments of which the first is exactly `first`."""
    return [first + after for after in accumulate((gap(dice) for _ in range(count - 1)), initial=0)]


def play(plan: Sequence[Act], moments: Sequence[Millis]) -> Millis:
    """Let the plan happen; returns its last moment."""
    for act, at in zip(plan, moments, strict=True):
        act(at)
    return moments[-1]


def filling(visitor: Visitor, wares: Sequence[Ware], cart: str | None) -> list[Act]:
    """Put `wares` into the cart, looking at some of them first."""
    plan: list[Act] = []
    for ware in wares:
        if visitor.dice.random() < 0.4:
            plan.append(seeing(visitor, ware))
        plan.append(adding(visitor, ware, cart))
    return plan


def adding(visitor: Visitor, ware: Ware, cart: str | None) -> Act:
    quantity = ware.quantity if ware.quantity > 1 else None
    return lambda at: visitor.diary.add(at, ware, cart, quantity)


def removing(visitor: Visitor, ware: Ware, cart: str | None, quantity: int | None) -> Act:
    return lambda at: visitor.diary.remove(at, ware, cart, quantity)


def seeing(visitor: Visitor, ware: Ware) -> Act:
    return lambda at: visitor.diary.view(at, ware)


def looking(visitor: Visitor, cart: str | None, wares: Sequence[Ware] | None = None) -> Act:
    return lambda at: visitor.diary.look(at, cart, wares)


def checking_out(visitor: Visitor, cart: str | None, wares: Sequence[Ware] | None = None) -> Act:
    return lambda at: visitor.diary.checkout(at, cart, wares)


def doing(visitor: Visitor, event: str, cart: str | None = None) -> Act:
    """Any other event, such as Payment Info Entered or Coupon Entered."""
    return lambda at: visitor.diary.track(at, event, cart_id=cart)


def ambling(visitor: Visitor, first: Millis, last: Millis) -> None:
    """Look around on the site so that there is never a pause as long as a cart waits; the last look is at `last`."""
    at = first
    while last - at >= WAIT:
        at += visitor.dice.randint(5 * MINUTE, WAIT)
        visitor.diary.view(at, visitor.dice.choice(visitor.wishes))
    visitor.diary.track(last, visitor.dice.choice(["Product List Viewed", "Store Finder Opened"]))
