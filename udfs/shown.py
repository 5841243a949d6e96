"""What a mail shows: the cart it is about with those left at about the same time, or what was looked at or bought."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from udfs.abandonment import VIEWED, Abandonment, Signals
from udfs.answers import Signal
from udfs.campaigns import Campaign
from udfs.carts import Cart
from udfs.person import Person, Sent


class Shown(NamedTuple):
    """What a mail is about, the carts beside it, and how many lines of them all are left out as sold out."""

    cart: Cart | None
    beside: tuple[Cart, ...] = ()
    sold_out: int = 0


def shown(
    person: Person, signal: Signal, campaign: Campaign, signals: Signals, available: Callable[[Cart], Cart]
) -> Shown:
    """What the mail of a signal shows at its instant; `available` leaves out what cannot be bought then."""
    whole = about(person, signal, campaign)
    if whole is None or not isinstance(campaign.signal, Abandonment):
        return Shown(whole)
    cart = available(whole)
    found = _beside(person, signal, campaign, cart, signals)
    left = tuple([available(one) for one in found])
    gone = sum(len(one.lines) for one in (whole, *found)) - sum(len(one.lines) for one in (cart, *left))
    return Shown(cart, tuple([one for one in left if one.lines]), gone)


def about(person: Person, signal: Signal, campaign: Campaign) -> Cart | None:
    """A cart as it is now, or what was looked at or bought as it was then."""
    if signal.due and signal.due.content:
        return signal.due.content
    if not isinstance(campaign.signal, Abandonment):
        return None
    return person.viewed if signal.entry.cart_id == VIEWED else person.carts.get(signal.entry.cart_id)


def _beside(person: Person, signal: Signal, campaign: Campaign, cart: Cart, signals: Signals) -> tuple[Cart, ...]:
    """The carts that are shown with `cart`, which the signal is about: with something in them, in the same currency.

    A first mail takes those along whose own signal is still open; a later step shows those of the first one.
    """
    if signal.step > 1:
        ids = list(signal.due.beside) if signal.due else []
    else:
        ids = _left_about_then(person, signal, campaign, signals) if cart.lines else []
    found = [held for cart_id in ids if (held := person.carts.get(cart_id)) and held.lines]
    return tuple([held for held in found if held.currency == cart.currency])


def shown_in(person: Person, campaign: str, cart_id: str, start: int) -> Sent | None:
    """The mail about another cart that showed this one as it has been since `start` (ms)."""
    for sent in person.sent:
        if sent.carts and sent.campaign == campaign and cart_id in sent.carts and start <= sent.at:
            return sent
    return None


def _left_about_then(person: Person, signal: Signal, campaign: Campaign, signals: Signals) -> list[str]:
    """The carts whose deadlines, as they stand, lie less than `merge` from the signal's, in their order."""
    abandonment, name, own = campaign.signal, campaign.name, signal.entry.cart_id
    if not isinstance(abandonment, Abandonment) or not abandonment.merge:
        return []
    open_signals = [
        (deadline, spell.cart_id, spell.start)
        for spell in person.spells
        if name in spell.campaigns
        for campaign_of, deadline in signals.deadlines(spell)
        if campaign_of == name
    ]
    open_signals += [
        (due.asked_at, due.entry.cart_id, due.entry.start)
        for due in person.dues
        if due.asked_at is not None and due.entry.campaign == name and due.step == 1 and due.exit is None
    ]
    asked_at = signal.due.asked_at if signal.due and signal.due.asked_at is not None else signal.at
    return [
        cart_id
        for at, cart_id, start in sorted(open_signals)
        if abs(at - asked_at) < abandonment.merge and cart_id != own and not shown_in(person, name, cart_id, start)
    ]
