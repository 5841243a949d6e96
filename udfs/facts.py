"""The facts of a person: each event makes new ones, and a part that an event does not concern stays the same object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from udfs import interests, orders
from udfs.carts import NO_CARTS, Carts
from udfs.events import CART, CLICK, EMAIL, ORDER, PROFILE, Context, Event
from udfs.interests import NO_INTERESTS, Interests
from udfs.lists import TRAIT, merged
from udfs.orders import NO_ORDERS, Orders
from udfs.time import Millis

# A trait's value as it came: text, number, bool, None, a list of these or an object by name.
Trait = Any

# The parts, as conditions name what they read.
SEEN, ORDERS, INTERESTS, DEVICE, TRAITS, CARTS = "seen", "orders", "interests", "device", "traits", "carts"
_PARTS = (SEEN, ORDERS, INTERESTS, DEVICE, TRAITS, CARTS)
_SUBSETS = tuple(frozenset(part for bit, part in enumerate(_PARTS) if mask >> bit & 1) for mask in range(64))
ALL_PARTS = _SUBSETS[-1]

_LARGEST = 10**300
_DEEPEST = 20

# Tuples: an enumeration's hash is computed in Python, and looking through two of them is faster.
_ON_SITE = (CLICK, CART)
_BUYING = (CART, ORDER)
_TELLING = (PROFILE, EMAIL)
_SUPPRESSES = frozenset({"Unsubscribed", "Email Marked as Spam"})


class Seen(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """First and last sign of the person itself (site, cart, order), and the last event of any kind, all ms."""

    first: Millis | None
    last: Millis | None
    last_event: Millis


class Traits(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What `identify` said, merged; `suppressed` since (ms) when the address asked for no more marketing."""

    raw: Mapping[str, Trait] = {}
    suppressed: Millis | None = None

    @property
    def consent(self) -> Mapping[str, Trait]:
        """Consent by purpose; nothing said is an empty mapping."""
        said = self.raw.get("consent")
        return said if isinstance(said, dict) else {}

    @property
    def lists(self) -> tuple[str, ...]:
        """The lists that somebody was put on."""
        said = self.raw.get(TRAIT)
        return tuple(said) if isinstance(said, dict) else ()

    def text(self, name: str) -> str | None:
        """A trait that is a text, None if it is missing or something else."""
        said = self.raw.get(name)
        return said if isinstance(said, str) else None


class Facts(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """All that is known of a person but the scores."""

    seen: Seen
    orders: Orders = NO_ORDERS
    interests: Interests = NO_INTERESTS
    device: Context = Context()
    traits: Traits = Traits()
    carts: Carts = NO_CARTS


def unknown(at: Millis) -> Facts:
    """A person of whom nothing is known at `at` (ms)."""
    return Facts(Seen(None, None, at))


def fold(before: Facts, event: Event, parts: frozenset[str] = ALL_PARTS) -> Facts:
    """The facts after any event but an erasure; only `parts` are kept, and always when the person was seen."""
    kind = event.kind
    return Facts(
        _seen(before.seen, event),
        orders.fold(before.orders, event) if kind is ORDER and ORDERS in parts else before.orders,
        interests.fold(before.interests, event) if event.lines and INTERESTS in parts else before.interests,
        _device(before.device, event.context) if event.context and DEVICE in parts else before.device,
        _traits(before.traits, event) if kind in _TELLING and TRAITS in parts else before.traits,
        before.carts.after(event) if kind in _BUYING and CARTS in parts else before.carts,
    )


def after_clock(facts: Facts, at: Millis) -> Facts:
    """The facts when the clock alone has come to `at`: carts are forgotten."""
    carts = facts.carts.forget(at)
    return facts if carts is facts.carts else replace(facts, carts=carts)


def differing(one: Facts, other: Facts) -> frozenset[str]:
    """The parts that are not the same object in both, but `seen` only if the person itself was."""
    return _SUBSETS[
        (one.seen.last != other.seen.last)
        | (one.orders is not other.orders) << 1
        | (one.interests is not other.interests) << 2
        | (one.device is not other.device) << 3
        | (one.traits is not other.traits) << 4
        | (one.carts is not other.carts) << 5
    ]


def _seen(seen: Seen, event: Event) -> Seen:
    if event.kind in _ON_SITE or event.name == orders.COMPLETED:
        return Seen(event.at if seen.first is None else seen.first, event.at, event.at)
    return Seen(seen.first, seen.last, event.at)


def _device(known: Context, told: Context) -> Context:
    if told == known:
        return known
    device = Context(
        told.device or known.device,
        told.timezone or known.timezone,
        told.country or known.country,
        told.locale or known.locale,
    )
    return known if device == known else device


def _traits(traits: Traits, event: Event) -> Traits:
    if event.kind is EMAIL and event.name in _SUPPRESSES:
        return Traits(traits.raw, event.at)
    if event.kind is not PROFILE or not event.traits:
        return traits
    raw = {**traits.raw, **event.traits}
    if isinstance(told := event.traits.get("consent"), dict):
        raw["consent"] = {**traits.consent, **told}
    if isinstance(told := event.traits.get(TRAIT), dict):
        raw[TRAIT] = dict.fromkeys(merged(traits.lists, told), True)
    raw = {name: kept for name, said in raw.items() if (kept := _kept(said)) is not None}
    moved = raw.get("email") != traits.raw.get("email")
    return traits if raw == traits.raw else Traits(raw, None if moved else traits.suppressed)


def _kept(said: Trait, depth: int = 0) -> Trait:
    """The trait as it can be stored: a whole number beyond 64 bits as a float, nothing that is nested too deep."""
    if isinstance(said, int) and not -(2**63) <= said < 2**63:
        return float(said) if abs(said) < _LARGEST else None
    if not isinstance(said, (dict, list)):
        return said
    if depth == _DEEPEST:
        return None
    if isinstance(said, dict):
        return {name: _kept(inner, depth + 1) for name, inner in said.items()}
    return [_kept(inner, depth + 1) for inner in said]


def timezone(facts: Facts) -> str | None:
    """The device's zone, else the trait; an IANA name."""
    return facts.device.timezone or facts.traits.text("timezone")


def country(facts: Facts) -> str | None:
    """The device's country, else the trait."""
    return facts.device.country or facts.traits.text("country")


def locale(facts: Facts) -> str | None:
    """The device's locale, else the trait."""
    return facts.device.locale or facts.traits.text("locale")
