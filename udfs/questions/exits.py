"""What ended the question before it is asked: a purchase or a change since, an empty cart, courtesy, old age."""

from __future__ import annotations

from udfs.abandonment import Abandonment
from udfs.questions.question import Question, Verdict, no, within


def exited(question: Question) -> Verdict | None:
    """Whoever bought or changed the cart in between is not written to, whatever else is true."""
    return no(question.due.exit) if question.due and question.due.exit else None


def expired(question: Question) -> Verdict | None:
    return no("expired") if question.at > question.expires else None


def courtesy(question: Question) -> Verdict | None:
    if within(question.person.last_order, question.campaign.after_order, question.at):
        return no("ordered_recently")
    return None


def available(question: Question) -> Verdict | None:
    """Nothing of what was left behind can be bought any more; what was bought is another matter."""
    if question.sold_out and not any(cart.lines for cart in question.carts):
        return no("unavailable_item")
    return None


def something_left(question: Question) -> Verdict | None:
    """Asked where something was left behind; a welcome shows no cart."""
    if not isinstance(question.campaign.signal, Abandonment) or any(cart.lines for cart in question.carts):
        return None
    return no("cart_empty")
