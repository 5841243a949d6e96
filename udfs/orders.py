"""What a person has bought: orders and revenue, net of what was cancelled or given back."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from udfs.events import Event
from udfs.scores import NEVER
from udfs.time import DAY, Millis

KEPT: Millis = 365 * DAY

# Keeps sums within Avro's long whatever an event claims.
MOST_REVENUE = 10**12

COMPLETED = "Order Completed"
CANCELLED = "Order Cancelled"
REFUNDED = "Order Refunded"


class Order(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One order at `at`; `revenue` (minor units) is what is left of it, `counts` is 0 once nothing is.

    A correction that came before its order waits in the same place: `counts` 0 and what it takes off as `revenue`.
    """

    at: Millis
    revenue: int
    counts: int = 1
    order_id: str | None = None
    currency: str | None = None


class Orders(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Net figures over all that was seen, and the single orders of the last 365 days, oldest first.

    Revenue is in `currency`, that of the person's first order; orders in another one count, their money does not.
    `first` and `last` are of orders that stand, `last_completed` stays when its order is cancelled, and `before` is
    the last order that has left the history.
    """

    count: int = 0
    revenue: int = 0
    currency: str | None = None
    first: Millis | None = None
    last: Millis | None = None
    last_completed: Millis | None = None
    before: Millis | None = None
    history: tuple[Order, ...] = ()

    @property
    def average(self) -> int | None:
        """Net revenue by order, rounded down; None without an order."""
        return self.revenue // self.count if self.count else None


NO_ORDERS = Orders()


def fold(orders: Orders, event: Event) -> Orders:
    """The orders after an event of the purchase topic; the same object if it changes nothing."""
    if event.name == COMPLETED:
        return _completed(_pruned(orders, event.at), event)
    if event.name in (CANCELLED, REFUNDED):
        return _given_back(_pruned(orders, event.at), event)
    return orders


def _pruned(orders: Orders, at: Millis) -> Orders:
    """Without the orders of more than 365 days ago, which stay in the sums."""
    gone = [order for order in orders.history if order.at <= at - KEPT]
    if not gone:
        return orders
    before = max((order.at for order in gone if order.counts), default=orders.before)
    return replace(orders, before=before, history=orders.history[len(gone) :])


def _completed(orders: Orders, event: Event) -> Orders:
    currency = orders.currency or event.currency
    order = Order(event.at, _amount(event) or 0, 1, event.order_id, event.currency)
    known = _find(orders, event.order_id) if event.order_id is not None else None
    if known is not None and (known.counts or known.revenue == 0):
        return replace(orders, last_completed=event.at)
    if known is not None:
        order = _reduced(order, -known.revenue)
    history = (*(other for other in orders.history if other is not known), order)
    return _counted_anew(replace(orders, currency=currency, last_completed=event.at), known, order, history)


def _given_back(orders: Orders, event: Event) -> Orders:
    amount = None if event.name == CANCELLED else _amount(event)
    known = _find(orders, event.order_id)
    if known is not None:
        left = _reduced(known, amount)
        history = tuple(left if order is known else order for order in orders.history)
        return _counted_anew(orders, known, left, history)
    if event.order_id is None:
        return orders
    waiting = Order(event.at, -(amount or 0), 0, event.order_id, event.currency)
    return replace(orders, history=(*orders.history, waiting))


def _amount(event: Event) -> int | None:
    return None if event.total is None else max(0, min(event.total, MOST_REVENUE))


def _find(orders: Orders, order_id: str | None) -> Order | None:
    """The order of this id; without one the last order that stands."""
    for order in reversed(orders.history):
        if order.order_id == order_id if order_id is not None else order.counts:
            return order
    return None


def _reduced(order: Order, amount: int | None) -> Order:
    """The order with `amount` (None: all of it) given back."""
    if not order.counts:
        return replace(order, revenue=0 if amount is None or not order.revenue else order.revenue - amount)
    if amount is None or amount >= order.revenue:
        return replace(order, revenue=0, counts=0)
    return replace(order, revenue=order.revenue - amount)


def _counted_anew(orders: Orders, was: Order | None, now: Order, history: tuple[Order, ...]) -> Orders:
    """The net figures once one order of the history has come or changed."""
    standing = [order.at for order in history if order.counts]
    return replace(
        orders,
        count=orders.count + now.counts - (was.counts if was else 0),
        revenue=orders.revenue + _worth(now, orders.currency) - (_worth(was, orders.currency) if was else 0),
        first=orders.first if orders.before is not None else min(standing, default=None),
        last=max(standing, default=orders.before),
        history=history,
    )


def _worth(order: Order, currency: str | None) -> int:
    return order.revenue if order.counts and order.currency in (None, currency) else 0


def counted(orders: Orders, window: Millis, at: Millis) -> Iterable[tuple[Millis, int]]:
    """(since when, how many orders lie in (at - window, at]) now and after every change by the clock alone."""
    return _course([(order.at, order.counts) for order in orders.history if order.counts], window, at)


def earned(orders: Orders, window: Millis, at: Millis) -> Iterable[tuple[Millis, int]]:
    """(since when, net revenue of the orders in (at - window, at]) now and after every change by the clock alone."""
    return _course([(order.at, _worth(order, orders.currency)) for order in orders.history], window, at)


def count_reaches(orders: Orders, window: Millis, at: Millis, limit: int) -> tuple[bool, Millis]:
    """(whether `limit` orders or more lie in (at - window, at], when the clock alone will next change that)."""
    return _reaches(((order.at, order.counts) for order in reversed(orders.history)), at - window, window, limit)


def revenue_reaches(orders: Orders, window: Millis, at: Millis, limit: int) -> tuple[bool, Millis]:
    """The same of their net revenue."""
    worth = ((order.at, _worth(order, orders.currency)) for order in reversed(orders.history))
    return _reaches(worth, at - window, window, limit)


def _reaches(
    youngest_first: Iterable[tuple[Millis, int]], since: Millis, window: Millis, limit: int
) -> tuple[bool, Millis]:
    """Looks no further back than the limit is reached: somebody has a thousand orders, and the last five are enough."""
    if limit <= 0:
        return True, NEVER
    for placed, amount in youngest_first:
        if placed <= since:
            break
        limit -= amount
        if limit <= 0:
            return True, placed + window
    return False, NEVER


def _course(entries: list[tuple[Millis, int]], window: Millis, at: Millis) -> Iterable[tuple[Millis, int]]:
    inside = [entry for entry in entries if entry[0] > at - window]
    left = sum(amount for _, amount in inside)
    course = {at: left}
    for placed, amount in inside:
        left -= amount
        course[placed + window] = left
    return course.items()
