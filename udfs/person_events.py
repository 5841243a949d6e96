"""What an event makes of a person: carts, spells and dues move, consent and reach are taken in."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from udfs.abandonment import (
    VIEWED,
    Signals,
    after_cart_event,
    after_click,
    after_view,
    in_filled_carts,
    without_views,
)
from udfs.cart_lines import one_piece
from udfs.cart_lines import replace as replace_lines
from udfs.carts import ORDER_COMPLETED, Cart
from udfs.decisions import Entry, trigger_id
from udfs.events import CART, CLICK, EMAIL, ORDER, PROFILE, SEND, Event
from udfs.lists import TRAIT, merged
from udfs.news import ORDERS_SILENT
from udfs.person import Due, Person, Sent
from udfs.reach import MARKETING, consent, mailed, refused, seen, told
from udfs.signals import Ears, Listener
from udfs.time import DAY, Millis

CONVERTED = "converted"
SUPERSEDED = "superseded"

VIEW = "Product Viewed"
UNDONE = frozenset({"Order Cancelled", "Order Refunded"})
MOST_VIEWED = 5

_OTHERS_MAIL = frozenset({"Email Sent", "Email Delivered"})


def after(person: Person, event: Event, ears: Ears) -> Person:
    """The person after an event that is not before any event already told; the same object if it changes nothing."""
    person = _after(person, event, ears)
    if event.context is None or (reach := seen(person.reach, event.context)) is person.reach:
        return person
    return msgspec.structs.replace(person, reach=reach)


def _after(person: Person, event: Event, ears: Ears) -> Person:
    kind = event.kind
    if kind is CART:
        return _after_cart_event(person, event, ears)
    if kind is CLICK:
        if ears.views and event.name == VIEW and event.lines and person.consent:
            return _after_view(person, event, ears.spells)
        return _after_click(person, event, ears.spells)
    if kind is ORDER:
        return _after_order(person, event, ears)
    if kind is PROFILE and event.traits:
        return _after_identify(person, event, ears)
    if kind is EMAIL:
        return _after_mail(person, event)
    if kind is SEND:
        return after_outcome(person, event)
    return _seen(person, event.at)


def _after_identify(person: Person, event: Event, ears: Ears) -> Person:
    willing, dues = consent(person.consent, event), person.dues
    if willing and not person.consent:
        dues = added(dues, [due(listener, "", event.at) for listener in ears.subscriptions])
    traits = event.traits or {}
    lists = merged(person.lists, traits[TRAIT]) if TRAIT in traits else person.lists
    reach = told(person.reach, traits)
    return msgspec.structs.replace(person, seen_at=event.at, consent=willing, reach=reach, dues=dues, lists=lists)


def due(listener: Listener, key: str, at: Millis, content: Cart | None = None) -> Due:
    """The first mail about something that happened at `at` (ms)."""
    entry = Entry(listener.campaign, key, at)
    return Due(entry, 1, at + listener.wait, at, listener.version, listener.channel, content=content)


def added(dues: tuple[Due, ...], new: Iterable[Due]) -> tuple[Due, ...]:
    """With the first mails that are not due yet: what happens twice in one millisecond has one name, and one answer."""
    known = {one.entry for one in dues}
    return (*dues, *(one for one in new if one.entry not in known))


def _after_mail(person: Person, event: Event) -> Person:
    sent, reach = after_mail(person.sent, event), mailed(person.reach, event)
    if sent is person.sent and reach is person.reach:
        return _seen(person, event.at)
    return msgspec.structs.replace(person, seen_at=event.at, sent=sent, reach=reach)


def after_mail(sent: tuple[Sent, ...], event: Event) -> tuple[Sent, ...]:
    """Another tool's mail counts when it is sent, or delivered if nobody told of the sending; as one in a day."""
    if event.name not in _OTHERS_MAIL or event.trigger_id is not None:
        return sent
    name, channel = f"~{event.campaign or ''}", event.channel or "email"
    if any(one.campaign == name and one.channel == channel and event.at - one.at < DAY for one in sent):
        return sent
    return (*sent, Sent(name, 0, event.at, channel, MARKETING))


def released(person: Person, at: Millis) -> Person:
    """Orders flow again: what was held because they did not is asked about now."""
    if not any(due.held_by == ORDERS_SILENT for due in person.dues):
        return person
    dues = [
        msgspec.structs.replace(due, at=min(due.at, at)) if due.held_by == ORDERS_SILENT else due for due in person.dues
    ]
    return msgspec.structs.replace(person, dues=tuple(dues))


def after_outcome(person: Person, event: Event) -> Person:
    """What became of a mail of ours: one that was not sent is taken back with what was to follow it, and a mailbox
    that refused one for good takes no more."""
    if event.name == "bounced":
        reach = refused(person.reach, event.at)
        return person if reach is person.reach else msgspec.structs.replace(person, reach=reach)
    if event.name != "not_sent":
        return person
    sent = tuple(one for one in person.sent if one.trigger != event.trigger_id)
    dues = tuple(due for due in person.dues if not _follows(person.user, due, event))
    return msgspec.structs.replace(person, sent=sent, dues=dues)


def _follows(user: str, due: Due, event: Event) -> bool:
    """True if the step is the one after the mail that the event tells of."""
    if due.entry.campaign != event.campaign or due.step - 1 != event.step:
        return False
    return trigger_id(user, due.entry, due.step - 1) == event.trigger_id


def on_a_known_day(person: Person, at: Millis) -> bool:
    """When somebody was last seen decides nothing but when their consent is forgotten, and that is a midnight."""
    return (person.seen_at - 1) // DAY == (at - 1) // DAY or person.forget_at is None


def _seen(person: Person, at: Millis) -> Person:
    return person if on_a_known_day(person, at) else msgspec.structs.replace(person, seen_at=at)


def _after_click(person: Person, event: Event, signals: Signals) -> Person:
    if not person.spells:
        return _seen(person, event.at)
    spells = after_click(person.spells, signals, event.at)
    return msgspec.structs.replace(person, seen_at=event.at, spells=spells)


def _after_view(person: Person, event: Event, signals: Signals) -> Person:
    """Looked at by somebody who may be written to; the newest comes last, and the oldest are forgotten."""
    lines = person.viewed.lines if person.viewed else ()
    for line in event.lines or ():
        others = [one for one in lines if one.product_id != line.product_id or one.variant != line.variant]
        lines = (*others, one_piece(line))[-MOST_VIEWED:]
    viewed = Cart(VIEWED, event.at, lines, event.currency or (person.viewed.currency if person.viewed else None))
    spells = after_view(person.spells, signals, event.at)
    return msgspec.structs.replace(person, seen_at=event.at, spells=spells, viewed=viewed)


def _after_cart_event(person: Person, event: Event, ears: Ears) -> Person:
    signals = ears.spells
    carts, changed = person.carts.touched(event)
    cart = carts.held[-1]
    spells = person.spells
    if spells or changed:
        spells = after_cart_event(spells, signals, cart, changed, event.at)
        if changed and ears.views:
            spells = without_views(spells)
    dues = person.dues
    if changed and dues:
        about = (cart.cart_id, VIEWED)
        dues = tuple(
            [
                _ended(due, SUPERSEDED, event.at)
                if (due.entry.cart_id in about or cart.cart_id in due.beside) and _about_a_cart(due, ears)
                else due
                for due in dues
            ]
        )
    return Person(
        person.user,
        event.at,
        person.consent,
        person.last_order,
        carts,
        spells,
        dues,
        person.sent,
        person.profile,
        person.reach,
        person.viewed,
        person.lists,
        person.asked,
    )


def _after_order(person: Person, event: Event, ears: Ears) -> Person:
    if event.name in UNDONE:
        return _after_undone_order(person, event, ears)
    if event.name != ORDER_COMPLETED:
        return _seen(person, event.at)
    carts = person.carts.after(event)
    spells = in_filled_carts(person.spells, carts)
    dues = tuple(
        [
            _ended(due, CONVERTED, event.at) if ears.ends_with_order(due.entry.campaign, due.version) else due
            for due in person.dues
        ]
    )
    if ears.orders:
        key = event.order_id or ""
        bought = Cart(key, event.at, replace_lines((), event.lines or ()), event.currency)
        dues = added(dues, [due(listener, key, event.at, bought) for listener in ears.orders])
    return Person(
        person.user,
        event.at,
        person.consent,
        event.at,
        carts,
        without_views(spells) if ears.views else spells,
        dues,
        person.sent,
        person.profile,
        person.reach,
        person.viewed,
        person.lists,
        person.asked,
    )


def _after_undone_order(person: Person, event: Event, ears: Ears) -> Person:
    """There is nothing left to follow up on."""
    dues = tuple(
        [
            _ended(due, SUPERSEDED, event.at)
            if due.entry.campaign in ears.follow_ups and due.entry.cart_id == (event.order_id or "")
            else due
            for due in person.dues
        ]
    )
    if all(one is other for one, other in zip(dues, person.dues, strict=True)):
        return _seen(person, event.at)
    return msgspec.structs.replace(person, seen_at=event.at, dues=dues)


def _about_a_cart(due: Due, ears: Ears) -> bool:
    """An order's id, or nothing at all, may be called as a cart is."""
    return due.entry.campaign in ears.spells


def _ended(due: Due, reason: str, at: Millis) -> Due:
    return due if due.exit else msgspec.structs.replace(due, exit=reason, exit_at=at)
