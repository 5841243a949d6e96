"""The rule that many shops run, really run beside: a timer of ten minutes on the clock of arrival."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from local_stack.shop.arrival import Delivery
from local_stack.shop.visitor import from_iso
from udfs.time import MINUTE, Millis

WAIT: Millis = 10 * MINUTE
_CART = frozenset({"Product Added", "Product Removed", "Cart Viewed", "Checkout Started"})


class Mailed(NamedTuple):
    """A mail at `at` about `cart_id`, whose last change was at `since`; the timer's `at` is by the clock of arrival."""

    user: str
    cart_id: str
    since: Millis
    at: Millis
    step: int = 1


@dataclass(slots=True)
class NaiveTimer:
    """Each cart event sets the person's timer anew, an order that has arrived stops it; told in order of arrival.

    It knows consent, and forgets nobody's cart; it knows nothing of event time or of doubled messages.
    """

    mailed: list[Mailed] = field(default_factory=list)
    _due: dict[str, tuple[Millis, str, Millis]] = field(default_factory=dict)
    _alarms: list[tuple[Millis, str]] = field(default_factory=list)
    _willing: set[str] = field(default_factory=set)

    def hear(self, arrives: Millis, call: dict[str, Any], at: Millis) -> None:
        """A call that happened at `at` has arrived."""
        self.run_until(arrives)
        user = call["userId"]
        if call["type"] == "identify":
            said = call["traits"].get("consent", {}).get("marketing")
            (self._willing.add if said else self._willing.discard)(user)
        elif call["event"] == "Order Completed":
            self._due.pop(user, None)
        elif call["event"] in _CART:
            self._due[user] = (arrives + WAIT, call["properties"]["cart_id"], at)
            heapq.heappush(self._alarms, (arrives + WAIT, user))

    def run_until(self, now: Millis) -> None:
        while self._alarms and self._alarms[0][0] <= now:
            due, user = heapq.heappop(self._alarms)
            if user in self._due and self._due[user][0] == due:
                _, cart, since = self._due.pop(user)
                if user in self._willing:
                    self.mailed.append(Mailed(user, cart, since, due))


@dataclass(frozen=True, slots=True)
class Harm:
    """What a way of mailing did: mails, mails to people who had bought by then, doubled mails about one cart."""

    mails: int
    buyers: int
    twice: int


def harm(mails: Iterable[Mailed], orders: dict[str, list[Millis]]) -> Harm:
    """`orders` holds the moments (event time) of each person's orders; bought is between `since` and the mail."""
    mails = list(mails)
    buyers = sum(any(mail.since <= at <= mail.at for at in orders.get(mail.user, ())) for mail in mails)
    carts = Counter((mail.user, mail.cart_id, mail.step) for mail in mails)
    return Harm(len(mails), buyers, sum(count > 1 for count in carts.values()))


def replay(post: Iterable[Delivery], start: Millis, end: Millis) -> tuple[NaiveTimer, dict[str, list[Millis]]]:
    """Run the timer over what arrived until `end`, keeping its mails from `start` on; also everybody's orders."""
    timer, orders = NaiveTimer(), defaultdict(list)
    for letter in post:
        if (call := letter.call()) is not None:
            at = from_iso(call["timestamp"])
            timer.hear(letter.arrives, call, at)
            if call.get("event") == "Order Completed":
                orders[call["userId"]].append(at)
    timer.run_until(end)
    timer.mailed = [mail for mail in timer.mailed if start <= mail.at <= end]
    return timer, orders
