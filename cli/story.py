"""Tells in sentences what happened to one person, and why they got a mail or none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cli.verdicts import sending, verdict
from cli.wording import about, clock_time, count, money
from udfs.abandonment import VIEWED, Signals, Spell
from udfs.carts import ORDER_COMPLETED, Cart, Carts
from udfs.decisions import SEND, Entry, trigger_id
from udfs.events import ERASURE, Event, Kind
from udfs.outputs import Decision
from udfs.person import Due, Person
from udfs.time import Millis

if TYPE_CHECKING:  # what is kept is told within a second, and without the rule
    from cli.retelling import Move, Retelling
    from udfs.timetable import Timetable


@dataclass(frozen=True, slots=True)
class Moment:
    """One sentence; `kind` is event, no_mail, decision, sending, ahead or standing."""

    at: Millis
    kind: str
    text: str
    facts: Mapping[str, str] = field(default_factory=dict)


SignalsAt = Callable[[Millis], Signals]


@dataclass(frozen=True, slots=True)
class Heard:
    """What the topics add to the rule's own moves: when messages arrived (ms, by messageId), which decisions are
    there (ids), and what became of triggers (outcome and reason, by trigger_id)."""

    received: Mapping[str, Millis] = field(default_factory=dict)
    decided: frozenset[str] = frozenset()
    sends: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def tell(retelling: Retelling, signals: SignalsAt, heard: Heard, timetable: Timetable | None = None) -> list[Moment]:
    """The moments of a person's story in time order; `signals` are those in force at an instant."""
    told = [moment for move in _merged(retelling.moves) for moment in _of_move(move, signals, heard)]
    told += _ahead(retelling.moves, signals)
    if timetable:
        from cli.scheduled_story import scheduled

        told += [Moment(at, kind, text, {"campaign": of}) for at, kind, text, of in scheduled(retelling, timetable)]
    return sorted(told, key=lambda moment: moment.at)


def _merged(moves: Iterable[Move]) -> Iterator[list[Move]]:
    """Looks that follow each other are told together; every other move on its own."""
    looks: list[Move] = []
    for move in moves:
        if move.event is not None and move.event.kind is Kind.CLICK and not move.event.late:
            looks.append(move)
            continue
        if looks:
            yield looks
            looks = []
        yield [move]
    if looks:
        yield looks


def _of_move(moves: list[Move], signals: SignalsAt, heard: Heard) -> Iterator[Moment]:
    first = moves[0]
    if first.event is None:
        for decision in first.decisions:
            yield from _of_decision(decision, heard)
        return
    if first.event.kind is Kind.SEND:
        return  # told with the decision that it belongs to
    if first.event.kind is Kind.CAMPAIGN:
        if first.before and any(first.event.name in spell.campaigns for spell in first.before.spells):
            yield Moment(first.at, "event", f"goes on by the new version of {first.event.name}")
        return
    if first.event.kind is Kind.CLICK:
        yield Moment(first.at, "event", _looks(moves) + _lateness(first.event, heard))
        return
    yield Moment(first.at, "event", _event(first, heard))
    yield from _ended(first, signals, heard)


def _looks(moves: list[Move]) -> str:
    last = moves[-1].at
    until = "" if len(moves) == 1 or clock_time(last) == clock_time(moves[0].at) else f", until {clock_time(last)}"
    return f"looked around ({count(len(moves), 'page')}{until})"


def _event(move: Move, heard: Heard) -> str:
    event = move.event
    assert event is not None
    return _WORDS[event.kind](event, move) + _lateness(event, heard)


def _lateness(event: Event, heard: Heard) -> str:
    received = heard.received.get(event.message_id)
    if event.late:
        return " (told so late that the tide had passed: counts from here on)"
    if received is not None and event.kind is Kind.ORDER and received > event.at:
        return f" (arrived {about(received - event.at)} later, at {clock_time(received)})"
    return ""


def _profile(event: Event, _: Move) -> str:
    if event.name == ERASURE:
        return "asked to be forgotten: everything known before is erased"
    traits = event.traits or {}
    consent, lists = traits.get("consent"), traits.get("lists")
    if consent is None:
        return _listed(lists) if lists and isinstance(lists, dict) else "told something about themselves"
    willing = isinstance(consent, dict) and consent.get("marketing") is True
    return "said yes to marketing mail" if willing else "said no to marketing mail"


def _listed(lists: Mapping[str, object]) -> str:
    words = [(f"was {'put on' if is_on is True else 'taken off'} the list {name}") for name, is_on in lists.items()]
    return ", ".join(sorted(words))


def _cart(event: Event, move: Move) -> str:
    cart = _touched(move.after, event)
    verbs = {"Product Added": "put", "Product Removed": "took", "Cart Viewed": "looked into the cart"}
    verb = verbs.get(event.name, f"went on: {event.name}")
    ends = {"Product Added": " into the cart", "Product Removed": " out of the cart"}
    if event.name in ends:
        things = ", ".join(line.name or line.product_id for line in event.lines or ()) or "something"
        verb = f"{verb} {things}{ends[event.name]}"
    return f"{verb} {_content(cart)}"


def _touched(person: Person | None, event: Event) -> Cart | None:
    carts = person.carts if person else Carts()
    return carts.last_touched if event.cart_id is None else carts.get(event.cart_id)


def _content(cart: Cart | None) -> str:
    if cart is None or not cart.lines:
        return "(nothing in it now)"
    return f"({count(cart.pieces, 'item')}, {money(cart.value, cart.currency)})"


def _order(event: Event, _: Move) -> str:
    what = "order" if event.name == ORDER_COMPLETED else event.name.lower()
    return what if event.total is None else f"{what} of {money(event.total, event.currency)}"


def _email(event: Event, _: Move) -> str:
    return event.name.lower() + (f" ({event.campaign})" if event.campaign else "")


_WORDS: Mapping[Kind, Callable[[Event, Move], str]] = {
    Kind.PROFILE: _profile,
    Kind.CART: _cart,
    Kind.ORDER: _order,
    Kind.EMAIL: _email,
}


def _ended(move: Move, signals: SignalsAt, heard: Heard) -> Iterator[Moment]:
    """Carts that this event saved from being abandoned: a mail that nobody will ever decide about."""
    event, after = move.event, move.after
    assert event is not None
    going_on = {(name, spell.cart_id) for spell in (after.spells if after else ()) for name in spell.campaigns}
    for spell in move.before.spells if move.before else ():
        for campaign, deadline in signals(move.at).deadlines(spell):
            if (campaign, spell.cart_id) not in going_on:
                yield Moment(
                    deadline,
                    "no_mail",
                    f"no mail: {_why_ended(event, deadline, heard, spell.cart_id == VIEWED)}",
                    _spell(campaign, spell, deadline),
                )


def _why_ended(event: Event, deadline: Millis, heard: Heard, viewed: bool) -> str:
    before = "at the deadline itself" if event.at == deadline else f"{about(deadline - event.at)} before the deadline"
    if viewed:
        return f"{'ordered' if event.kind is Kind.ORDER else 'put something into the cart'} {before}"
    if event.kind is not Kind.ORDER:
        return f"{'forgotten' if event.name == ERASURE else 'the cart was emptied'} {before}"
    received = heard.received.get(event.message_id)
    if received is not None and received > deadline:
        return f"ordered {before} (a timer would not have known: the order arrived at {clock_time(received)})"
    return f"ordered {before}"


def _spell(campaign: str, spell: Spell, deadline: Millis) -> dict[str, str]:
    return {"campaign": campaign, "cart_id": spell.cart_id, "deadline": str(deadline)}


def _of_decision(decision: Decision, heard: Heard) -> Iterator[Moment]:
    facts = {**decision.facts, "outcome": decision.outcome, "reason": decision.reason, "campaign": decision.campaign}
    unsaid = "" if decision.decision_id in heard.decided else " (the campaigns job has not said so yet)"
    yield Moment(decision.at, "decision", verdict(decision) + unsaid, facts)
    if decision.outcome == SEND:
        key = decision.cart_id or decision.facts.get("entry", "")
        entry = Entry(decision.campaign, key, int(decision.facts["spell_start"]))
        if became := heard.sends.get(trigger_id(decision.user_id, entry, decision.step)):
            yield Moment(decision.at, "sending", sending(*became), {"campaign": decision.campaign})


def _ahead(moves: Sequence[Move], signals: SignalsAt) -> Iterator[Moment]:
    """What the clock alone will bring."""
    person = moves[-1].after if moves else None
    if person is None:
        return
    for spell in person.spells:
        of = "what was looked at" if spell.cart_id == VIEWED else "the cart"
        for campaign, deadline in signals(moves[-1].at).deadlines(spell):
            said = _spell(campaign, spell, deadline)
            yield Moment(deadline, "ahead", f"deadline of {of}, if nothing else happens", said)
    for due in person.dues:
        yield Moment(due.at, "ahead", _due(due, signals(moves[-1].at)), {"campaign": due.entry.campaign})


def _due(due: Due, signals: Signals) -> str:
    if due.deferrals:
        return "no mail then" if due.exit else "the mail that was put off is decided then"
    what = "reminder" if due.step > 1 and due.entry.campaign in signals else "mail"
    return f"no {what} then" if due.exit else f"a {what} is due then"
