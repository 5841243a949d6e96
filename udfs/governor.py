"""May this person get this message now? The questions are asked in order, and the first no decides."""

from __future__ import annotations

from collections.abc import Callable

from udfs.decisions import SEND
from udfs.questions.audience import audience, holdout
from udfs.questions.caps import caps, hush, repetition
from udfs.questions.consent import consent, suppression
from udfs.questions.exits import available, courtesy, exited, expired, something_left
from udfs.questions.live import entry, live
from udfs.questions.merged import in_a_mail, in_a_reminder
from udfs.questions.orders import orders_silent
from udfs.questions.question import Question, Verdict
from udfs.questions.quiet import quiet_hours

QUESTIONS: tuple[Callable[[Question], Verdict | None], ...] = (
    in_a_mail,
    exited,
    expired,
    live,
    in_a_reminder,
    entry,
    consent,
    suppression,
    courtesy,
    available,
    something_left,
    audience,
    holdout,
    orders_silent,
    quiet_hours,
    hush,
    repetition,
    caps,
)


def decide(question: Question) -> Verdict:
    """Send, or the first no."""
    for ask in QUESTIONS:
        if verdict := ask(question):
            return verdict
    return Verdict(SEND, "sent")
