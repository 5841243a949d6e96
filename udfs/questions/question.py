"""What is asked: may this person get this step of this campaign at this instant? And what an answer looks like."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from udfs.abandonment import Abandonment
from udfs.campaigns import Campaign
from udfs.carts import Cart
from udfs.decisions import DEFER, DROP, WOULD_HAVE_SENT, Entry
from udfs.governor_config import EASY, Governor
from udfs.person import Due, Person, Sent
from udfs.time import Millis


class Verdict(NamedTuple):
    """`until` (ms) is when a deferred question is asked again; `into` is the message that shows this cart, too."""

    outcome: str
    reason: str
    until: Millis | None = None
    into: Sent | Due | None = None


def no(reason: str, into: Sent | Due | None = None) -> Verdict:
    return Verdict(DROP, reason, into=into)


def later(reason: str, until: Millis) -> Verdict:
    return Verdict(DEFER, reason, until)


def recorded_only(reason: str) -> Verdict:
    return Verdict(WOULD_HAVE_SENT, reason)


class Question(msgspec.Struct, frozen=True, gc=False):
    """One step of one campaign for one person at one instant; `due` is None if it is asked for the first time at its
    signal.

    `cart` is what the mail is about, None once it is forgotten, and `beside` are the carts that it shows beside it.
    `segments` are those that the person is in; unknown is not a member. So many lines are not shown because they are
    `sold_out`; with `orders_silent` nobody can be said not to have ordered. `past` are the person's messages of the
    campaign's channel.
    """

    campaign: Campaign
    entry: Entry
    step: int
    at: Millis
    person: Person
    cart: Cart | None
    due: Due | None
    governor: Governor = EASY
    live_from: Millis | None = None
    segments: Collection[str] = ()
    beside: tuple[Cart, ...] = ()
    sold_out: int = 0
    orders_silent: bool = False
    past: Sequence[Sent] = ()

    @property
    def carts(self) -> tuple[Cart, ...]:
        """All that the mail shows, what it is about first."""
        return (self.cart, *self.beside) if self.cart else self.beside

    @property
    def shown(self) -> Cart | None:
        """The same as if it lay in one cart."""
        if not self.beside:
            return self.cart
        first, *others = self.carts
        return replace(first, lines=sum((cart.lines for cart in others), first.lines))

    @property
    def asked_at(self) -> Millis:
        """The instant of the signal, from which `valid_for` counts."""
        return self.at if self.due is None or self.due.asked_at is None else self.due.asked_at

    @property
    def expires(self) -> Millis:
        return self.asked_at + self.campaign.valid_for

    @property
    def cart_id(self) -> str | None:
        """The cart that the mail is about; None for campaigns without one."""
        signal = self.campaign.signal
        about_a_cart = isinstance(signal, Abandonment) and not signal.views
        return self.entry.cart_id if about_a_cart else None

    @property
    def template(self) -> str:
        return self.campaign.steps[self.step - 1].template


def within(then: Millis | None, length: Millis, at: Millis) -> bool:
    """True if `then` lies in the window (at - length, at]."""
    return then is not None and at - length < then <= at


def last_send(question: Question) -> Millis | None:
    """When the person last got a message of this campaign, any step, as far as it is remembered."""
    name = question.campaign.name
    return max([sent.at for sent in question.person.sent if sent.campaign == name], default=None)
