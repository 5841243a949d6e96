"""What a decision rests on, as text by name, so that it can be explained long afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from udfs.governor import Question, last_send, used
from udfs.time import Millis, format_length

# These are epoch milliseconds UTC, in decimal.
TIME_FACTS = frozenset(
    {
        "deadline",
        "spell_start",
        "last_activity",
        "first_mail",
        "exit_at",
        "last_order",
        "last_send",
        "live_from",
        "history_from",
    }
)


def facts(
    question: Question, start: Millis, last_activity: Millis | None, history_from: Millis | None
) -> dict[str, str]:
    """Everything known that any question asks for; what is unknown or was never there is left out."""
    due, person = question.due, question.person
    times = {
        "deadline": question.at,
        "spell_start": start,
        "last_activity": last_activity,
        "first_mail": due.first_at if due else None,
        "exit_at": due.exit_at if due else None,
        "last_order": person.last_order,
        "last_send": last_send(question),
        "live_from": question.live_from,
        "history_from": history_from,
    }
    told = {name: str(at) for name, at in times.items() if at is not None}
    told["consent"] = {True: "true", False: "false", None: "none"}[person.consent]
    told.update(_of_cart(question))
    told.update(_of_windows(question))
    return told


def _of_cart(question: Question) -> Iterator[tuple[str, str]]:
    if cart := question.cart:
        yield "items", str(cart.pieces)
        yield "value", str(cart.value)
        if cart.currency:
            yield "currency", cart.currency
    if question.campaign.minimum_value:
        yield "minimum_value", str(question.campaign.minimum_value)


def _of_windows(question: Question) -> Iterator[tuple[str, str]]:
    campaign = question.campaign
    yield "wait", format_length(campaign.signal.wait)
    yield "reentry", format_length(campaign.reentry)
    yield "after_order", format_length(campaign.after_order)
    for cap in question.caps:
        yield f"cap_{format_length(cap.within)}", f"{used(cap, question)} of {cap.count}"
    if own := campaign.cap:
        yield f"campaign_cap_{format_length(own.within)}", f"{used(own, question, campaign.name)} of {own.count}"
    for name in (campaign.segment, campaign.not_segment):
        if name:
            yield f"segment_{name}", "in" if name in question.segments else "out"
