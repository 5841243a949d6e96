"""What the campaigns remember of one person: carts, spells, mails sent and due, the last order, consent."""

from __future__ import annotations

import msgspec

from udfs.abandonment import Signals, Spells, after_cart_event, after_click, in_filled_carts
from udfs.carts import NO_CARTS, ORDER_COMPLETED, Carts
from udfs.decisions import Entry, trigger_id
from udfs.events import Event, Kind
from udfs.profile_state import ProfileState
from udfs.reach import ANYHOW, MARKETING, Reach, consent, mailed, refused, seen, told
from udfs.time import DAY, Millis

# Consent outlives every campaign's windows; whoever was not seen for so long is asked again.
PERSON_TTL: Millis = 400 * DAY

CONVERTED = "converted"
SUPERSEDED = "superseded"

_OTHERS_MAIL = frozenset({"Email Sent", "Email Delivered"})


class Sent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message that was decided `send` at `at` (ms), a ghost of the held-out group, or another tool's mail (step 0).

    `trigger` is its id if it is ours; `products` are kept only if the governor asks for them.
    """

    campaign: str
    step: int
    at: Millis
    channel: str
    message_class: str
    template: str = ""
    trigger: str = ""
    products: tuple[str, ...] = ()


class Due(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A question that is asked at `at`: a later step, or any step that was deferred.

    `exit` (converted or superseded, at `exit_at`) is the first thing that ended it. A deferred one knows its signal's
    instant, how often it was put off, and the last reason.
    """

    entry: Entry
    step: int
    at: Millis
    first_at: Millis
    version: str
    channel: str
    exit: str | None = None
    exit_at: Millis | None = None
    asked_at: Millis | None = None
    deferrals: int = 0
    held_by: str | None = None


class Person(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The stored state of one person; `consent` is None if nothing was said.

    `seen_at` (ms) is the last event that left a trace: one that would only move it within its day is not noted.
    `profile` is kept only if a campaign names a segment.
    """

    user: str
    seen_at: Millis
    consent: bool | None = None
    last_order: Millis | None = None
    carts: Carts = NO_CARTS
    spells: Spells = ()
    dues: tuple[Due, ...] = ()
    sent: tuple[Sent, ...] = ()
    profile: ProfileState | None = None
    reach: Reach = ANYHOW

    @property
    def blank(self) -> bool:
        """True if there is nothing worth remembering."""
        if self.carts.held or self.consent is not None or self.last_order is not None or self.reach.lasting:
            return False
        return not (self.dues or self.sent or self.profile)

    @property
    def forget_at(self) -> Millis | None:
        """When consent and suppression are forgotten: `PERSON_TTL` after the last event, rounded up to a day so that
        it seldom moves."""
        if self.consent is None and not self.reach.lasting:
            return None
        return _next_midnight(self.seen_at) + PERSON_TTL


def after(person: Person, event: Event, signals: Signals) -> Person:
    """The person after an event that is not before any event already told; the same object if it changes nothing."""
    person = _after(person, event, signals)
    if event.context is None or (reach := seen(person.reach, event.context)) is person.reach:
        return person
    return msgspec.structs.replace(person, reach=reach)


def _after(person: Person, event: Event, signals: Signals) -> Person:
    kind = event.kind
    if kind is Kind.CART:
        return _after_cart_event(person, event, signals)
    if kind is Kind.CLICK:
        return _after_click(person, event, signals)
    if kind is Kind.ORDER and event.name == ORDER_COMPLETED:
        return _after_order(person, event)
    if kind is Kind.PROFILE and event.traits:
        reach = told(person.reach, event.traits)
        return msgspec.structs.replace(person, seen_at=event.at, consent=consent(person.consent, event), reach=reach)
    if kind is Kind.EMAIL:
        return _after_mail(person, event)
    if kind is Kind.SEND:
        return after_outcome(person, event)
    return _seen(person, event.at)


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


def _seen(person: Person, at: Millis) -> Person:
    """When somebody was last seen decides nothing but when their consent is forgotten, and that is a midnight."""
    if (person.seen_at - 1) // DAY == (at - 1) // DAY or person.forget_at is None:
        return person
    return msgspec.structs.replace(person, seen_at=at)


def _next_midnight(at: Millis) -> Millis:
    return -(-at // DAY) * DAY


def _after_click(person: Person, event: Event, signals: Signals) -> Person:
    if not person.spells:
        return _seen(person, event.at)
    spells = after_click(person.spells, signals, event.at)
    return Person(
        person.user,
        event.at,
        person.consent,
        person.last_order,
        person.carts,
        spells,
        person.dues,
        person.sent,
        person.profile,
        person.reach,
    )


def _after_cart_event(person: Person, event: Event, signals: Signals) -> Person:
    carts, changed = person.carts.touched(event)
    cart = carts.held[-1]
    spells = person.spells
    if spells or changed:
        spells = after_cart_event(spells, signals, cart, changed, event.at)
    dues = person.dues
    if changed and dues:
        dues = tuple(_ended(due, SUPERSEDED, event.at) if due.entry.cart_id == cart.cart_id else due for due in dues)
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
    )


def _after_order(person: Person, event: Event) -> Person:
    carts = person.carts.after(event)
    spells = in_filled_carts(person.spells, carts)
    dues = tuple(_ended(due, CONVERTED, event.at) for due in person.dues)
    return Person(
        person.user, event.at, person.consent, event.at, carts, spells, dues, person.sent, person.profile, person.reach
    )


def _ended(due: Due, reason: str, at: Millis) -> Due:
    return due if due.exit else msgspec.structs.replace(due, exit=reason, exit_at=at)
