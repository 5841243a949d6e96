"""A cart is abandoned when something is in it and nobody has done anything for a while; here that while is measured."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import msgspec

from udfs.carts import Cart, Carts
from udfs.scores import NEVER
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
    `views` it is not a cart that is left behind, but what was looked at. Carts that one person leaves less than `merge`
    ms apart share a mail.
    """

    wait: Millis = 10 * MINUTE
    activity: str = SITE
    latest: Millis = 4 * HOUR
    views: bool = False
    merge: Millis = 0

    @property
    def limit(self) -> Millis:
        """The deadline is `wait` after the last activity, but not beyond this after the last change (ms)."""
        return max(self.latest, self.wait)


def after_view(spells: Spells, signals: Signals, at: Millis) -> Spells:
    """A product was looked at: what was looked at before it belongs to the same spell."""
    moved = after_click(without_views(spells), signals, at)
    return (*moved, *[Spell(names, VIEWED, at, at) for names in signals.of_views])


def without_views(spells: Spells) -> Spells:
    """Whoever put something into a cart, or bought, was not just looking."""
    return tuple([spell for spell in spells if spell.cart_id != VIEWED])


def after_click(spells: Spells, signals: Signals, at: Millis) -> Spells:
    """A sign of life anywhere on the site."""
    moved: list[Spell] = []
    for spell in spells:
        moved += signals.alive_on_site(spell, at)
    return tuple(moved)


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
    filled = {VIEWED, *[cart.cart_id for cart in carts.held if cart.lines]}
    left = tuple([spell for spell in spells if spell.cart_id in filled])
    return spells if len(left) == len(spells) else left


class Era(NamedTuple):
    """Spells that start before `until` end by `signal`, and not before `since`, when that was said (both ms)."""

    until: Millis
    since: Millis
    signal: Abandonment


class Terms(NamedTuple):
    """(name, wait, limit, since) of `each` of some campaigns, and the shortest `wait` and `limit`; all ms."""

    wait: Millis
    limit: Millis
    each: tuple[tuple[str, Millis, Millis, Millis], ...]
    said_later: bool

    def deadlines(self, spell: Spell) -> list[tuple[str, Millis]]:
        """One that should have ended before its terms were said ends when they were."""
        active_at, start = spell.active_at, spell.start
        return [(name, max(min(active_at + wait, start + limit), since)) for name, wait, limit, since in self.each]


class _Table:
    """The signals of the spells that start in one span, and what is the same for all spells of the same campaigns."""

    def __init__(self, eras: Mapping[str, Era]) -> None:
        self._eras = eras
        self.known, self.on_site, self.terms = cache(self._known), cache(self._on_site), cache(self._terms)

    def _known(self, names: Names) -> Names:
        """Without those that are gone."""
        return tuple(name for name in names if name in self._eras)

    def _on_site(self, names: Names) -> tuple[Names, Names]:
        """Those that watch the whole site, and the others."""
        site = tuple(name for name in self.known(names) if self._eras[name].signal.activity == SITE)
        return site, tuple(name for name in names if name not in site)

    def _terms(self, names: Names) -> Terms:
        each = [(name, self._eras[name]) for name in self.known(names)]
        return Terms(
            min((era.signal.wait for _, era in each), default=0),
            min((era.signal.limit for _, era in each), default=0),
            tuple((name, era.signal.wait, era.signal.limit, era.since) for name, era in each),
            any(era.since for _, era in each),
        )


class Signals:
    """The campaigns that wait for something to be left behind, and what is the same for many of them.

    `of_carts` and `of_views` are those that share a spell that begins now. A stored spell may name campaigns that are
    gone since, or that take something else for activity than they did. `eras` are there where a campaign was published
    anew, in their order and the newest among them: those who are under way go on as they began.
    """

    def __init__(self, newest: Mapping[str, Abandonment], eras: Mapping[str, tuple[Era, ...]] | None = None) -> None:
        self.newest = newest
        self.of_carts = self._alike(views=False)
        self.of_views = self._alike(views=True)
        self._eras = eras or {}
        self._bounds = sorted({era.until for known in self._eras.values() for era in known})
        self._tables = [_Table(self._of_spells_before(until)) for until in (*self._bounds, None)]

    def __contains__(self, campaign: str) -> bool:
        return campaign in self.newest or campaign in self._eras

    def _alike(self, views: bool) -> tuple[Names, ...]:
        alike: dict[str, list[str]] = {}
        for name, signal in self.newest.items():
            if signal.views == views:
                alike.setdefault(signal.activity, []).append(name)
        return tuple(map(tuple, alike.values()))

    def _of_spells_before(self, until: Millis | None) -> dict[str, Era]:
        """What holds for spells that start in the span that ends at `until`; None is beyond all eras."""
        found = {name: Era(until or 0, 0, signal) for name, signal in self.newest.items()}
        for name, known in self._eras.items():
            if until is not None and (era := next((era for era in known if until <= era.until), None)):
                found[name] = era
        return found

    def _table(self, spell: Spell) -> _Table:
        return self._tables[bisect_right(self._bounds, spell.start) if self._bounds else 0]

    def known(self, spells: Spells) -> Spells:
        """Without the campaigns that are gone."""
        return tuple([left for spell in spells for left in _of(spell, self._table(spell).known(spell.campaigns))])

    def deadline(self, spell: Spell) -> Millis | None:
        """The first deadline of any of the spell's campaigns; None if all of them are gone."""
        terms = self._table(spell).terms(spell.campaigns)
        if not terms.each:
            return None
        if terms.said_later:
            return min([deadline for _, deadline in terms.deadlines(spell)])
        quiet, limit = spell.active_at + terms.wait, spell.start + terms.limit
        return quiet if quiet < limit else limit

    def next_deadline(self, spells: Spells) -> Millis:
        """The first deadline of any of them; NEVER if none has one."""
        soonest = NEVER
        for spell in spells:
            if (deadline := self.deadline(spell)) is not None and deadline < soonest:
                soonest = deadline
        return soonest

    def deadlines(self, spell: Spell) -> list[tuple[str, Millis]]:
        """Each of its campaigns and when it takes the cart for abandoned."""
        return self._table(spell).terms(spell.campaigns).deadlines(spell)

    def come(self, spell: Spell, at: Millis) -> list[tuple[str, Millis]]:
        """Those whose deadline is not after `at`."""
        soonest = self.deadline(spell)
        if soonest is None or soonest > at:
            return []
        return [(name, deadline) for name, deadline in self.deadlines(spell) if deadline <= at]

    def alive_on_site(self, spell: Spell, at: Millis) -> Spells:
        """After a sign of life elsewhere, which counts for the campaigns that watch the whole site."""
        site, others = self._table(spell).on_site(spell.campaigns)
        if not others:
            return (_alive(spell, at),)
        if not site:
            return _of(spell, others)
        return (*(_alive(part, at) for part in _of(spell, site)), *_of(spell, others))


def _of(spell: Spell, names: Names) -> Spells:
    """The spell as far as it is that of these campaigns."""
    if names == spell.campaigns:
        return (spell,)
    return (Spell(names, spell.cart_id, spell.start, spell.active_at),) if names else ()


def _alive(spell: Spell, at: Millis) -> Spell:
    return Spell(spell.campaigns, spell.cart_id, spell.start, at)
