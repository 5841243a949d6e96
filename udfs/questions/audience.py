"""Is the person one of those whom the campaign means, and are they in the group that gets its mails?"""

from __future__ import annotations

from udfs.questions.question import Question, Verdict, no, recorded_only
from udfs.salted import below

HUNDRED_PERCENT = 100


def audience(question: Question) -> Verdict | None:
    """Whoever has left the segment that let them in, or the list, is not meant any more either."""
    campaign = question.campaign
    for key, name in campaign.segments.items():
        if (name in question.segments) == (key == "audience.not_segment"):
            return no("not_in_audience")
    if campaign.on_list is not None and campaign.on_list not in question.person.lists:
        return no("not_in_audience")
    if (shown := question.shown) and shown.value < campaign.minimum_value:
        return no("below_minimum")
    return None


def holdout(question: Question) -> Verdict | None:
    """The same people in every step and every version, for the campaign's whole life."""
    campaign = question.campaign
    if not campaign.holdout:
        return None
    drawn = below(HUNDRED_PERCENT, question.governor.salt, "holdout", campaign.name, question.person.user)
    return recorded_only("holdout") if drawn < campaign.holdout else None
