"""Is the cart in another one's mail already, or may it go into that one's reminder?"""

from __future__ import annotations

from udfs.abandonment import Abandonment
from udfs.carts import Cart
from udfs.person import Due
from udfs.questions.question import Question, Verdict, no
from udfs.shown import shown_in

SUPERSEDED = "superseded"


def in_a_mail(question: Question) -> Verdict | None:
    """The mail about another cart showed this one as it still is: that was its mail."""
    entry = question.entry
    if question.step > 1 or not (sent := shown_in(question.person, entry.campaign, entry.cart_id, entry.start)):
        return None
    return no(SUPERSEDED, sent)


def in_a_reminder(question: Question) -> Verdict | None:
    """Left soon after the mail about another cart went out: too late for that one, in time for what follows it.

    What is sold out just now may be there again by then.
    """
    cart = question.person.carts.get(question.entry.cart_id) if question.step == 1 and question.cart_id else None
    if cart is None or not cart.lines:
        return None
    due = next((due for due in question.person.dues if _takes(due, question, cart)), None)
    return no(SUPERSEDED, due) if due else None


def _takes(due: Due, question: Question, cart: Cart) -> bool:
    signal = question.campaign.signal
    if not isinstance(signal, Abandonment) or due.entry.campaign != question.campaign.name:
        return False
    if due.step == 1 or due.exit or not 0 <= question.asked_at - due.first_at < signal.merge:
        return False
    about = question.person.carts.get(due.entry.cart_id)
    return about is not None and about.currency == cart.currency
