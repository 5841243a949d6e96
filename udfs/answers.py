"""The records in which an answer to a signal is told: a decision always, a trigger if a message is to be sent."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from udfs.abandonment import Abandonment
from udfs.carts import Cart
from udfs.decision_facts import facts
from udfs.decisions import DROP, Entry, decision_id, signal_id, trigger_id
from udfs.outputs import Decision, Item, Trigger
from udfs.person import Due, Person, Sent
from udfs.questions.question import Question, Verdict
from udfs.salted import pick
from udfs.time import Millis

# A mail shows no more, and a record of the triggers topic stays within the broker's limit.
MOST_ITEMS = 100

_NOTHING = Cart("", 0)


class Signal(msgspec.Struct, frozen=True, gc=False):
    """A step of an entry whose instant has come; `due` is None the first time that a first step is asked for, and
    `active_at` every other time."""

    entry: Entry
    step: int
    at: Millis
    due: Due | None = None
    active_at: Millis | None = None

    @property
    def deferrals(self) -> int:
        """How often the question was put off before."""
        return self.due.deferrals if self.due else 0


def _named(user: str, signal: Signal) -> tuple[str, str, str | None]:
    """The ids of a decision, of its signal, and of the decision that it follows."""
    named = signal_id(user, signal.entry, signal.step)
    before = signal.deferrals - 1
    return decision_id(named, signal.deferrals), named, decision_id(named, before) if before >= 0 else None


def variant(question: Question) -> str | None:
    """The same for a person in every step and version, as long as the campaign's variants stay as they are."""
    variants = question.campaign.variants
    if not variants:
        return None
    weights = tuple(one.weight for one in variants)
    drawn = pick(weights, question.governor.salt, "variant", question.campaign.name, question.person.user)
    return variants[drawn].name


def decided(question: Question, signal: Signal, verdict: Verdict, history_from: Millis | None) -> Decision:
    """What was answered, and what it rests on."""
    campaign, user = question.campaign, question.person.user
    own, named, follows = _named(user, signal)
    return Decision(
        decision_id=own,
        signal_id=named,
        follows=follows,
        campaign=campaign.name,
        version=campaign.version,
        step=signal.step,
        channel=campaign.channel,
        user_id=user,
        cart_id=question.cart_id,
        at=signal.at,
        outcome=verdict.outcome,
        reason=verdict.reason,
        facts=facts(question, signal.entry, signal.active_at, history_from) | _merged(user, verdict),
        variant=variant(question),
        wake_at=verdict.until,
    )


def _merged(user: str, verdict: Verdict) -> dict[str, str]:
    """The message that shows the cart, which has gone out, or is due."""
    into = verdict.into
    if into is None:
        return {}
    named = into.trigger if isinstance(into, Sent) else trigger_id(user, into.entry, into.step)
    return {"merged_into": named, "merged_at": str(into.at)}


def orphaned(person: Person, signal: Signal, due: Due) -> Decision:
    """The campaign, or this step of it, is gone from the configuration since the first message went out."""
    own, named, follows = _named(person.user, signal)
    return Decision(
        decision_id=own,
        signal_id=named,
        follows=follows,
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


def triggered(question: Question, signal: Signal) -> Trigger:
    """The message, with what it shows as that is at the signal's instant."""
    campaign, shown = question.campaign, question.shown or _NOTHING
    return Trigger(
        trigger_id=trigger_id(question.person.user, signal.entry, signal.step),
        campaign=campaign.name,
        version=campaign.version,
        step=signal.step,
        channel=campaign.channel,
        user_id=question.person.user,
        cart_id=question.cart_id,
        at=signal.at,
        items=tuple(islice(_items(question), MOST_ITEMS)),
        value=shown.value,
        currency=shown.currency,
        template=question.template,
        message_class=campaign.message_class,
        valid_until=question.expires,
        variant=variant(question),
    )


def _items(question: Question) -> Iterator[Item]:
    """Line by line; what was bought lies in no cart any more."""
    left_behind = isinstance(question.campaign.signal, Abandonment)
    for cart in question.carts:
        cart_id = cart.cart_id if left_behind else None
        for line in cart.lines:
            yield Item(
                line.product_id, line.variant, line.quantity, line.price, line.name, line.image_url, line.url, cart_id
            )
