"""How a visit goes: most people look, a third fill a cart, and half of those pay, some of them at the last moment."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from local_stack.shop.visitor import Visitor, fill, stroll
from udfs.time import MINUTE, SECOND, Millis


@dataclass(frozen=True, slots=True)
class Mood:
    """Shares of visits: with a cart, of those paid; `slow` of the paid ones are paid after minutes of hesitation."""

    cart: float
    paid: float
    slow: float


USUAL = Mood(cart=0.34, paid=0.55, slow=0.3)
SALE = Mood(cart=0.72, paid=0.60, slow=0.62)
MORNING_AFTER = Mood(cart=0.12, paid=1.0, slow=0.0)


def visit(dice: Random, visitor: Visitor, at: Millis, mood: Mood) -> Millis:
    """One visit; returns the moment of its last event."""
    at = stroll(dice, visitor, at, dice.choices((1, 2, 3, 4, 6), (20, 28, 24, 18, 10))[0])
    if dice.random() >= mood.cart:
        return at
    at = fill(dice, visitor, at)
    if dice.random() < 0.2:
        at += dice.randrange(5 * SECOND, 40 * SECOND)
        visitor.look_into_cart(at)
    return buy(dice, visitor, at, mood) if dice.random() < mood.paid else leave(dice, visitor, at)


def buy(dice: Random, visitor: Visitor, at: Millis, mood: Mood) -> Millis:
    """To the till; the slow ones look for a card, ask a bank, answer the door."""
    if dice.random() < 0.7:
        at += dice.randrange(10 * SECOND, 60 * SECOND)
        visitor.check_out(at)
    slow = dice.random() < mood.slow
    at += hesitation(dice) if slow else dice.randrange(20 * SECOND, 150 * SECOND)
    visitor.pay(at, names_cart=dice.random() < 0.8)
    return at


def hesitation(dice: Random) -> Millis:
    """Five to ten minutes; nobody pays in the minutes just behind the deadline, where only luck would decide."""
    return dice.randrange(5 * MINUTE, 10 * MINUTE + 1)


def leave(dice: Random, visitor: Visitor, at: Millis) -> Millis:
    """A cart stays behind; some look on for a while, which moves its deadline."""
    return stroll(dice, visitor, at, dice.choice((1, 2, 3))) if dice.random() < 0.3 else at
