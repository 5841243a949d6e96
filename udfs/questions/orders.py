"""Can it be said at all that the person has not ordered?"""

from __future__ import annotations

from udfs.news import ORDERS_SILENT
from udfs.questions.question import Question, Verdict, later, no


def orders_silent(question: Question) -> Verdict | None:
    """What rests on there being no order waits until orders flow, or expires."""
    if not question.orders_silent or not question.campaign.asks_for_orders:
        return None
    return no("expired") if question.at == question.expires else later(ORDERS_SILENT, question.expires)
