"""What the clock alone brings a person: when something is next due, what is due, and what is forgotten."""

from __future__ import annotations

from udfs.abandonment import VIEWED, in_filled_carts
from udfs.answers import Signal
from udfs.campaigns import Campaign
from udfs.carts import CART_TTL
from udfs.decisions import Entry
from udfs.in_force import InForce
from udfs.person import PERSON_TTL, Person
from udfs.reach import ANYHOW
from udfs.scores import NEVER
from udfs.time import Millis

Come = tuple[Signal, Campaign | None]


def next_wake(
    person: Person, next_due: Millis, profile_wake: Millis | None, laws: InForce, clock: Millis
) -> Millis | None:
    """When something next happens by the clock alone; the deadlines up to and including `clock` (ms) have passed."""
    soonest = laws.ears.spells.next_deadline(person.spells)
    if profile_wake is not None and profile_wake < soonest:
        soonest = profile_wake
    if next_due < soonest:
        soonest = next_due
    if person.sent and (forgotten := person.sent[0].at + laws.sent_ttl) < soonest:
        soonest = forgotten
    if person.last_order is not None and (forgotten := person.last_order + laws.order_ttl) < soonest:
        soonest = forgotten
    if (stale := person.carts.next_forgotten()) is not None and stale < soonest:
        soonest = stale
    if laws.is_scheduled and (sending := laws.timetable.next(person, clock)) is not None and sending < soonest:
        soonest = sending
    if person.seen_at + PERSON_TTL < soonest and (stale := person.forget_at) is not None and stale < soonest:
        soonest = stale
    return None if soonest == NEVER else soonest


def signals_due(person: Person, at: Millis, laws: InForce) -> list[Come]:
    """What is due, each with the campaign that answers it: the version on which the person is under way."""
    found: list[Come] = []
    for spell in person.spells:
        for campaign, deadline in laws.ears.spells.come(spell, at):
            entry = Entry(campaign, spell.cart_id, spell.start)
            found.append((Signal(entry, 1, deadline, active_at=spell.active_at), laws.campaign(entry)))
    for due in [due for due in person.dues if due.at <= at]:
        found.append((Signal(due.entry, due.step, due.at, due), laws.campaign(due.entry, due.version)))
    return found


def in_turn(due: Come) -> tuple[Millis, int, int, str, str]:
    """Of one instant the highest priority goes first, then by step, then by cart."""
    signal, campaign = due
    priority = campaign.priority if campaign else 0
    return signal.at, -priority, signal.step, signal.entry.cart_id, signal.entry.campaign


def forget(person: Person, at: Millis, laws: InForce) -> Person:
    """What no window reaches any more."""
    carts = person.carts.forget(at, CART_TTL)
    looks = any(spell.cart_id == VIEWED for spell in person.spells)
    ordered = person.last_order
    stale = person.forget_at is not None and person.forget_at <= at
    return Person(
        person.user,
        person.seen_at,
        None if stale else person.consent,
        None if ordered is not None and ordered + laws.order_ttl <= at else ordered,
        carts,
        in_filled_carts(laws.ears.spells.known(person.spells), carts),
        person.dues,
        tuple([sent for sent in person.sent if sent.at + laws.sent_ttl > at]),
        person.profile,
        ANYHOW if stale else person.reach,
        person.viewed if looks else None,
        () if stale else person.lists,
        person.asked,
    )
