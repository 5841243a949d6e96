"""What must be known of each person in the end, and when a cart was open, worked out apart from the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.baskets.contents import Contents, Moment, in_order
from tests.baskets.diary import Call
from udfs.time import DAY, Millis

CART_TTL: Millis = 30 * DAY
NEW_FOR: Millis = 30 * DAY
VIP_FROM = 50_000
AFTER_ALL_EVENTS = 1 << 40

Opened = tuple[str, str, Millis]
"""Person, enter or leave, and the instant (ms)."""


@dataclass(frozen=True, slots=True)
class Known:
    """A person at the end of the run; money in minor units, `consent` None if nothing was said."""

    orders: int
    net_revenue: int
    last_completed_at: Millis | None
    consent: bool | None
    loyalty_tier: str | None
    cart_open: bool
    new: bool
    vip: bool


@dataclass(frozen=True, slots=True)
class Profiles:
    """Everybody at the end, and everything that cart_open's members did."""

    people: dict[str, Known]
    openings: frozenset[Opened]


def profiles(calls: Iterable[tuple[Millis, Call]], stop_at: Millis, vip_from: int = VIP_FROM) -> Profiles:
    """The truth at `stop_at` (ms), which is not before the last call; `vip_from` is a net revenue in minor units."""
    by_person: dict[str, list[tuple[Millis, Call]]] = defaultdict(list)
    for at, call in calls:
        by_person[call.get("userId") or call["anonymousId"]].append((at, call))
    people: dict[str, Known] = {}
    openings: list[Opened] = []
    for person, theirs in by_person.items():
        moments = in_order(theirs)
        told = [(person, *change) for change in _openings(moments) if change[1] <= stop_at]
        people[person] = _known(moments, bool(told) and told[-1][1] == "enter", stop_at, vip_from)
        openings += told
    return Profiles(people, frozenset(openings))


def _known(moments: Sequence[Moment], cart_open: bool, stop_at: Millis, vip_from: int) -> Known:
    left = {moment.told["order_id"]: round(moment.told["total"] * 100) for moment in moments if moment.is_purchase}
    for moment in moments:
        if moment.name == "Order Cancelled":
            left[moment.told["order_id"]] = 0
        elif moment.name == "Order Refunded":
            left[moment.told["order_id"]] -= round(moment.told["total"] * 100)
    standing = [m.at for m in moments if m.is_purchase and left[m.told["order_id"]] > 0]
    net_revenue = sum(amount for amount in left.values() if amount > 0)
    said = [moment.told for moment in moments if moment.sort == "identify"]
    consents = [traits["consent"]["marketing"] for traits in said if "consent" in traits]
    tiers = [traits["loyalty_tier"] for traits in said if "loyalty_tier" in traits]
    return Known(
        orders=len(standing),
        net_revenue=net_revenue,
        last_completed_at=max((moment.at for moment in moments if moment.is_purchase), default=None),
        consent=consents[-1] if consents else None,
        loyalty_tier=tiers[-1] if tiers else None,
        cart_open=cart_open,
        new=bool(standing) and min(standing) > stop_at - NEW_FOR,
        vip=net_revenue >= vip_from,
    )


def _openings(moments: Sequence[Moment]) -> Iterator[tuple[str, Millis]]:
    """When there begins to be something in any cart, and when there is nothing left in the last one."""
    carts = {str(moment.cart) for moment in moments if moment.sort == "cart"}
    fillings = sorted(entry for cart in carts for entry in _fillings(cart, Contents(cart, moments), moments))
    filled: set[str] = set()
    for at, _, cart, is_filled in fillings:
        before = bool(filled)
        filled = filled | {cart} if is_filled else filled - {cart}
        if bool(filled) != before:
            yield ("enter" if filled else "leave"), at


def _fillings(cart: str, contents: Contents, moments: Sequence[Moment]) -> Iterator[tuple[Millis, int, str, bool]]:
    """Whether something is in this cart after each of its changes, and that it is forgotten after the last of them."""
    for position in contents.steps:
        yield moments[position].at, position, cart, bool(contents.at(position))
    for position, following in zip(contents.steps, [*contents.steps[1:], None], strict=True):
        forgotten = moments[position].at + CART_TTL
        if following is None or moments[following].at > forgotten:
            yield forgotten, AFTER_ALL_EVENTS, cart, False
