"""The records in which an answer to a signal is told: a decision always, a trigger if a message is to be sent."""

from __future__ import annotations

import msgspec

from udfs.carts import Cart
from udfs.decision_facts import facts
from udfs.decisions import DROP, Entry, decision_id, signal_id, trigger_id
from udfs.governor import Question, Verdict
from udfs.outputs import Decision, Item, Trigger
from udfs.person import Due, Person
from udfs.time import Millis

# A mail shows no more, and a record of the triggers topic stays within the broker's limit.
MOST_ITEMS = 100


class Signal(msgspec.Struct, frozen=True, gc=False):
    """A step of an entry whose instant has come; `due` is None for the first step, `active_at` for the others."""

    entry: Entry
    step: int
    at: Millis
    due: Due | None = None
    active_at: Millis | None = None


def decided(question: Question, signal: Signal, verdict: Verdict, history_from: Millis | None) -> Decision:
    """What was answered, and what it rests on."""
    campaign, user = question.campaign, question.person.user
    named = signal_id(user, signal.entry, signal.step)
    return Decision(
        decision_id=decision_id(named),
        signal_id=named,
        follows=None,
        campaign=campaign.name,
        version=campaign.version,
        step=signal.step,
        channel=campaign.channel,
        user_id=user,
        cart_id=signal.entry.cart_id,
        at=signal.at,
        outcome=verdict.outcome,
        reason=verdict.reason,
        facts=facts(question, signal.entry.start, signal.active_at, history_from),
    )


def orphaned(person: Person, signal: Signal, due: Due) -> Decision:
    """The campaign, or this step of it, is gone from the configuration since the first message went out."""
    named = signal_id(person.user, signal.entry, signal.step)
    return Decision(
        decision_id=decision_id(named),
        signal_id=named,
        follows=None,
        campaign=signal.entry.campaign,
        version=due.version,
        step=signal.step,
        channel=due.channel,
        user_id=person.user,
        cart_id=signal.entry.cart_id,
        at=signal.at,
        outcome=DROP,
        reason="campaign_ended",
        facts={
            "deadline": str(signal.at),
            "spell_start": str(signal.entry.start),
            "first_mail": str(due.first_at),
        },
    )


def triggered(question: Question, signal: Signal, cart: Cart) -> Trigger:
    """The message, with the cart as it is at the signal's instant."""
    campaign = question.campaign
    return Trigger(
        trigger_id=trigger_id(question.person.user, signal.entry, signal.step),
        campaign=campaign.name,
        version=campaign.version,
        step=signal.step,
        channel=campaign.channel,
        user_id=question.person.user,
        cart_id=cart.cart_id,
        at=signal.at,
        items=tuple(
            Item(line.product_id, line.variant, line.quantity, line.price, line.name, line.image_url, line.url)
            for line in cart.lines[:MOST_ITEMS]
        ),
        value=cart.value,
        currency=cart.currency,
        template=campaign.steps[signal.step - 1].template,
        message_class=campaign.message_class,
        valid_until=signal.at + campaign.valid_for,
    )
