"""Is the person one of those whom the campaign means, and are they in the group that gets its mails?"""

from __future__ import annotations

from udfs.questions.question import Question, Verdict, no, recorded_only
from udfs.salted import below

HUNDRED_PERCENT = 100


def audience(question: Question) -> Verdict | None:
    campaign = question.campaign
    wanted, unwanted = campaign.segment, campaign.not_segment
    if (wanted and wanted not in question.segments) or (unwanted and unwanted in question.segments):
        return no("not_in_audience")
    if question.cart and question.cart.value < campaign.minimum_value:
        return no("below_minimum")
    return None


def holdout(question: Question) -> Verdict | None:
    """The same people in every step and every version, for the campaign's whole life."""
    campaign = question.campaign
    if not campaign.holdout:
        return None
    drawn = below(HUNDRED_PERCENT, question.governor.salt, "holdout", campaign.name, question.person.user)
    return recorded_only("holdout") if drawn < campaign.holdout else None
