"""A cart is abandoned when something is in it and nobody has done anything for a while; here that while is measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from udfs.carts import Cart, Carts
from udfs.time import HOUR, MINUTE, Millis

SITE = "site"
THIS_CART = "cart"
VIEWED = "~viewed"  # stands for a cart where somebody has looked at things and put none into one


Names = tuple[str, ...]


class Spell(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A cart that may be abandoned: `start` is its last change of content, `active_at` the last activity (both ms).

    It is one for all `campaigns` that take the same for activity, whatever they wait; whoever's deadline has passed has
    left.
    """

    campaigns: Names
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

    @property
    def limit(self) -> Millis:
        """The deadline is `wait` after the last activity, but not beyond this after the last change (ms)."""
        return max(self.latest, self.wait)


def after_view(spells: Spells, signals: Signals, at: Millis) -> Spells:
    """A product was looked at: what was looked at before it belongs to the same spell."""
    moved = after_click(without_views(spells), signals, at)
    return (*moved, *(Spell(names, VIEWED, at, at) for names in signals.of_views))


def without_views(spells: Spells) -> Spells:
    """Whoever put something into a cart, or bought, was not just looking."""
    return tuple(spell for spell in spells if spell.cart_id != VIEWED)


def after_click(spells: Spells, signals: Signals, at: Millis) -> Spells:
    """A sign of life anywhere on the site."""
    return tuple([moved for spell in spells for moved in signals.alive_on_site(spell, at)])


def after_cart_event(spells: Spells, signals: Signals, cart: Cart, changed: bool, at: Millis) -> Spells:
    """`cart` was touched; a change of its content starts its spells anew, or ends them if it is now empty."""
    moved: list[Spell] = []
    for spell in spells:
        if spell.cart_id != cart.cart_id:
            moved += signals.alive_on_site(spell, at)
        elif not changed:
            moved.append(_alive(spell, at))
    if changed and cart.lines:
        moved += [Spell(names, cart.cart_id, at, at) for names in signals.of_carts]
    return tuple(moved)


def without_campaign(spells: Spells, campaign: str, cart_id: str) -> Spells:
    """A campaign has had its signal of this cart."""
    left: list[Spell] = []
    for spell in spells:
        if spell.cart_id == cart_id and campaign in spell.campaigns:
            left += _of(spell, tuple(name for name in spell.campaigns if name != campaign))
        else:
            left.append(spell)
    return tuple(left)


def in_filled_carts(spells: Spells, carts: Carts) -> Spells:
    """The spells that run on after an order or after carts were forgotten: an empty cart has none."""
    filled = {VIEWED, *(cart.cart_id for cart in carts.held if cart.lines)}
    if all(spell.cart_id in filled for spell in spells):
        return spells
    return tuple(spell for spell in spells if spell.cart_id in filled)


class Terms(NamedTuple):
    """The shortest `wait` and `limit` of some campaigns, and (name, wait, limit) of `each`; all ms."""

    wait: Millis
    limit: Millis
    each: tuple[tuple[str, Millis, Millis], ...]


class Signals:
    """The campaigns that wait for something to be left behind, and what is the same for many of them.

    `of_carts` and `of_views` are those that share a spell. A stored spell may name campaigns that are gone since, or
    that take something else for activity than they did.
    """

    def __init__(self, by_campaign: Mapping[str, Abandonment]) -> None:
        self.by_campaign = by_campaign
        self.of_carts = self._alike(views=False)
        self.of_views = self._alike(views=True)
        self._known: dict[Names, Names] = {}
        self._on_site: dict[Names, tuple[Names, Names]] = {}
        self._terms: dict[Names, Terms] = {}

    def _alike(self, views: bool) -> tuple[Names, ...]:
        alike: dict[str, list[str]] = {}
        for name, signal in self.by_campaign.items():
            if signal.views == views:
                alike.setdefault(signal.activity, []).append(name)
        return tuple(map(tuple, alike.values()))

    def known(self, spells: Spells) -> Spells:
        """Without the campaigns that are gone."""
        return tuple([left for spell in spells for left in _of(spell, self._known_of(spell.campaigns))])

    def deadline(self, spell: Spell) -> Millis | None:
        """The first deadline of any of the spell's campaigns; None if all of them are gone."""
        terms = self._terms_of(spell.campaigns)
        return min(spell.active_at + terms.wait, spell.start + terms.limit) if terms.each else None

    def deadlines(self, spell: Spell) -> list[tuple[str, Millis]]:
        """Each of its campaigns and when it takes the cart for abandoned."""
        active_at, start = spell.active_at, spell.start
        return [
            (name, min(active_at + wait, start + limit)) for name, wait, limit in self._terms_of(spell.campaigns).each
        ]

    def come(self, spell: Spell, at: Millis) -> list[tuple[str, Millis]]:
        """Those whose deadline is not after `at`."""
        soonest = self.deadline(spell)
        if soonest is None or soonest > at:
            return []
        return [(name, deadline) for name, deadline in self.deadlines(spell) if deadline <= at]

    def alive_on_site(self, spell: Spell, at: Millis) -> Spells:
        """After a sign of life elsewhere, which counts for the campaigns that watch the whole site."""
        if (parts := self._on_site.get(spell.campaigns)) is None:
            site = tuple(name for name in self._known_of(spell.campaigns) if self.by_campaign[name].activity == SITE)
            parts = self._on_site[spell.campaigns] = site, tuple(name for name in spell.campaigns if name not in site)
        site, others = parts
        if not others:
            return (_alive(spell, at),)
        return (*(_alive(part, at) for part in _of(spell, site)), *_of(spell, others))

    def _terms_of(self, names: Names) -> Terms:
        if (terms := self._terms.get(names)) is None:
            each = [(name, self.by_campaign[name]) for name in self._known_of(names)]
            terms = self._terms[names] = Terms(
                min((signal.wait for _, signal in each), default=0),
                min((signal.limit for _, signal in each), default=0),
                tuple((name, signal.wait, signal.limit) for name, signal in each),
            )
        return terms

    def _known_of(self, names: Names) -> Names:
        if (known := self._known.get(names)) is None:
            known = self._known[names] = tuple(name for name in names if name in self.by_campaign)
        return known


def _of(spell: Spell, names: Names) -> Spells:
    """The spell as far as it is that of these campaigns."""
    if names == spell.campaigns:
        return (spell,)
    return (Spell(names, spell.cart_id, spell.start, spell.active_at),) if names else ()


def _alive(spell: Spell, at: Millis) -> Spell:
    return Spell(spell.campaigns, spell.cart_id, spell.start, at)
