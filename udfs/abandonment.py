"""A cart is abandoned when something is in it and nobody has done anything for a while; here that while is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from udfs.carts import Cart, Carts
from udfs.time import HOUR, MINUTE, Millis

SITE = "site"
THIS_CART = "cart"
VIEWED = "~viewed"  # stands for a cart where somebody has looked at things and put none into one


class Spell(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A cart that may be abandoned: `start` is its last change of content, `active_at` the last activity (both ms)."""

    campaign: str
    cart_id: str
    start: Millis
    active_at: Millis


Spells = tuple[Spell, ...]


@dataclass(frozen=True, slots=True)
class Abandonment:
    """`wait` ms without activity; activity puts the deadline off, but not beyond `latest` ms after the last change.

    Activity is any clickstream or cart event of the person (`site`), or the cart events of this cart (`cart`). With
    `views` it is not a cart that is left behind, but what was looked at.
    """

    wait: Millis = 10 * MINUTE
    activity: str = SITE
    latest: Millis = 4 * HOUR
    views: bool = False

    def deadline(self, spell: Spell) -> Millis:
        """The instant at which the cart is abandoned if nothing else happens up to and including it."""
        return min(spell.active_at + self.wait, spell.start + max(self.latest, self.wait))


class Era(NamedTuple):
    """Spells that start before `until` end by `signal`, and not before `since`, when that was said (both ms)."""

    until: Millis
    since: Millis
    signal: Abandonment


@dataclass(frozen=True, slots=True)
class Signals:
    """By campaign, how the spells that begin now will end; `eras` are there where a campaign was published anew, in
    their order and the newest among them: those who are under way go on as they began."""

    newest: Mapping[str, Abandonment]
    eras: Mapping[str, tuple[Era, ...]] = field(default_factory=dict)

    def of(self, spell: Spell) -> Abandonment | None:
        """How this spell ends; None if its campaign is gone."""
        if self.eras and (era := self._era(spell)):
            return era.signal
        return self.newest.get(spell.campaign)

    def deadline(self, spell: Spell) -> Millis | None:
        """When this spell ends; one that should have ended before that was said ends then."""
        if self.eras and (era := self._era(spell)):
            return max(era.signal.deadline(spell), era.since)
        signal = self.newest.get(spell.campaign)
        return None if signal is None else signal.deadline(spell)

    def __contains__(self, campaign: str) -> bool:
        return campaign in self.newest or campaign in self.eras

    def _era(self, spell: Spell) -> Era | None:
        return next((era for era in self.eras.get(spell.campaign, ()) if spell.start < era.until), None)


def after_view(spells: Spells, signals: Signals, at: Millis) -> Spells:
    """A product was looked at: what was looked at before it belongs to the same spell."""
    moved = after_click(tuple(spell for spell in spells if spell.cart_id != VIEWED), signals, at)
    return (*moved, *(Spell(name, VIEWED, at, at) for name, signal in signals.newest.items() if signal.views))


def without_views(spells: Spells) -> Spells:
    """Whoever put something into a cart, or bought, was not just looking."""
    return tuple(spell for spell in spells if spell.cart_id != VIEWED)


def after_click(spells: Spells, signals: Signals, at: Millis) -> Spells:
    """A sign of life anywhere on the site."""
    return tuple([_alive(spell, at) if _watches_site(spell, signals) else spell for spell in spells])


def after_cart_event(spells: Spells, signals: Signals, cart: Cart, changed: bool, at: Millis) -> Spells:
    """`cart` was touched; a change of its content starts its spells anew, or ends them if it is now empty."""
    moved = [
        _alive(spell, at) if spell.cart_id == cart.cart_id or _watches_site(spell, signals) else spell
        for spell in spells
        if not (changed and spell.cart_id == cart.cart_id)
    ]
    if changed and cart.lines:
        moved += [Spell(name, cart.cart_id, at, at) for name, signal in signals.newest.items() if not signal.views]
    return tuple(moved)


def in_filled_carts(spells: Spells, carts: Carts) -> Spells:
    """The spells that run on after an order or after carts were forgotten: an empty cart has none."""
    filled = {VIEWED, *(cart.cart_id for cart in carts.held if cart.lines)}
    if all(spell.cart_id in filled for spell in spells):
        return spells
    return tuple(spell for spell in spells if spell.cart_id in filled)


def _watches_site(spell: Spell, signals: Signals) -> bool:
    signal = signals.of(spell)
    return signal is not None and signal.activity == SITE


def _alive(spell: Spell, at: Millis) -> Spell:
    return Spell(spell.campaign, spell.cart_id, spell.start, at)
