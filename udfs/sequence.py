"""What an answer leaves behind in a person: a signal is over, a message is counted, a later step or question is due."""

from __future__ import annotations

from msgspec.structs import replace

from udfs.abandonment import without_campaign
from udfs.answers import Signal
from udfs.carts import Cart
from udfs.decisions import trigger_id
from udfs.person import Due, Person, Sent
from udfs.questions.question import Question, Verdict
from udfs.shown import about


def without(person: Person, signal: Signal) -> Person:
    """A spell ends with its signal, a later step and a deferral with their instant."""
    if signal.due:
        return replace(person, dues=tuple(due for due in person.dues if due is not signal.due))
    return replace(person, spells=without_campaign(person.spells, signal.entry.campaign, signal.entry.cart_id))


def after_send(question: Question, signal: Signal) -> Person:
    """The message is counted, and the next step is due."""
    campaign, person = question.campaign, charged(question, signal)
    if signal.step == len(campaign.steps):
        return person
    first_at = signal.due.first_at if signal.due and signal.step > 1 else signal.at
    at = first_at + campaign.steps[signal.step].after
    content = _kept(question, signal)
    beside = tuple(cart.cart_id for cart in question.beside)
    due = Due(
        signal.entry,
        signal.step + 1,
        at,
        first_at,
        campaign.version,
        campaign.channel,
        content=content,
        beside=beside,
    )
    return replace(person, dues=(*person.dues, due))


def after_joining(person: Person, into: Due, cart_id: str) -> Person:
    """A later step shows this cart, too, unless it does already."""
    if cart_id in (into.entry.cart_id, *into.beside):
        return person
    joined = replace(into, beside=(*into.beside, cart_id))
    return replace(person, dues=tuple(joined if due is into else due for due in person.dues))


def charged(question: Question, signal: Signal) -> Person:
    """The message counts in caps, re-entry and repetition, be it sent or a ghost."""
    campaign, person, shown = question.campaign, question.person, question.shown
    sent = Sent(
        campaign.name,
        signal.step,
        signal.at,
        campaign.channel,
        campaign.message_class,
        question.template,
        trigger_id(person.user, signal.entry, signal.step),
        tuple(line.product_id for line in shown.lines) if shown and question.governor.same_product else (),
        tuple(cart.cart_id for cart in question.beside),
    )
    return replace(person, sent=(*person.sent, sent))


def after_deferral(question: Question, signal: Signal, verdict: Verdict) -> Person:
    """The question is asked again at the end of the deferral, with the facts of then."""
    campaign, person = question.campaign, question.person
    assert verdict.until is not None
    due = Due(
        signal.entry,
        signal.step,
        verdict.until,
        signal.due.first_at if signal.due else signal.at,
        campaign.version,
        campaign.channel,
        asked_at=question.asked_at,
        deferrals=signal.deferrals + 1,
        held_by=verdict.reason,
        content=_kept(question, signal),
        beside=signal.due.beside if signal.due else (),
    )
    return replace(person, dues=(*person.dues, due))


def _kept(question: Question, signal: Signal) -> Cart | None:
    """What a later mail shows, where that is no cart of the person's that it can be read from."""
    return about(question.person, signal, question.campaign) if question.cart_id is None else None
