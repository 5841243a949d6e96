"""Which carts are abandoned and when, found by looking at every millisecond with the whole story in view.

Nothing of the rules is used, and no state is carried along: for each instant all events up to it are read again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from udfs.events import Event, Kind, Line
from udfs.time import Millis


def abandoned(
    events: Sequence[Event], until: Millis, wait: Millis, latest: Millis, activity: str
) -> list[tuple[Millis, str]]:
    """(instant, cart) of every abandonment of one person up to `until`, for times that are small numbers."""
    story = sorted(events, key=lambda one: (one.at, one.kind, one.message_id))
    concerned = _concerned(story)
    found = []
    for now in range(until + 1):
        for cart in sorted({name for name in concerned if name is not None}):
            if _is_abandoned(story, concerned, cart, now, wait, latest, activity):
                found.append((now, cart))
    return found


def _is_abandoned(
    story: Sequence[Event],
    concerned: Sequence[str | None],
    cart: str,
    now: Millis,
    wait: Millis,
    latest: Millis,
    activity: str,
) -> bool:
    past = [at for at, event in enumerate(story) if event.at <= now]
    changes = [
        story[at].at
        for at in past
        if story[at].kind is Kind.CART
        and _content(story, concerned, cart, at) != _content(story, concerned, cart, at + 1)
    ]
    if not changes or not _content(story, concerned, cart, len(past)):
        return False
    signs = [
        story[at].at
        for at in past
        if (activity == "site" and story[at].kind in (Kind.CLICK, Kind.CART)) or concerned[at] == cart
    ]
    return now == _deadline(changes[-1], signs, wait, latest)


def _deadline(change: Millis, signs: Sequence[Millis], wait: Millis, latest: Millis) -> Millis:
    """The first instant after `change` that is `wait` from the last sign of life before it, or `latest`."""
    now = change
    while now - max(sign for sign in signs if sign <= now) < wait and now - change < latest:
        now += 1
    return now


def _concerned(story: Sequence[Event]) -> list[str | None]:
    """The cart that each cart event concerns."""
    carts: list[str | None] = []
    last = ""
    for event in story:
        if event.kind is Kind.CART:
            last = last if event.cart_id is None else event.cart_id
        carts.append(last if event.kind is Kind.CART else None)
    return carts


def _content(story: Sequence[Event], concerned: Sequence[str | None], cart: str, upto: int) -> Counter[str]:
    held: Counter[str] = Counter()
    for event, touched in zip(story[:upto], concerned, strict=False):
        told = event.lines or ()
        if event.name == "Order Completed":
            if event.cart_id in (None, cart):
                held.clear()
            for line in told:
                held[line.product_id] -= held[line.product_id] if line.quantity is None else line.quantity
        elif touched != cart:
            continue
        elif event.name == "Product Added":
            held += _pieces(told)
        elif event.name == "Product Removed":
            for line in told:
                held[line.product_id] -= held[line.product_id] if line.quantity is None else line.quantity
        elif event.name == "Cart Viewed" and event.lines is not None:
            held = _pieces(told)
        held = +held
    return held


def _pieces(told: Sequence[Line]) -> Counter[str]:
    return sum((Counter({line.product_id: line.quantity or 1}) for line in told), Counter[str]())
