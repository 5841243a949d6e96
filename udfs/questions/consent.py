"""Does the person want such mail, and does their address take any?"""

from __future__ import annotations

from udfs.campaigns import MARKETING
from udfs.questions.question import Question, Verdict, no


def consent(question: Question) -> Verdict | None:
    """Marketing needs a yes, and no "no" to its topic or its channel."""
    campaign, person = question.campaign, question.person
    if campaign.message_class != MARKETING:
        return None
    refused = person.reach.refused
    if not person.consent or campaign.topic in refused or campaign.channel in refused:
        return no("no_consent")
    return None


def suppression(question: Question) -> Verdict | None:
    """A hard bounce stops everything; a complaint or an unsubscription stops marketing, never what is owed."""
    reach = question.person.reach
    if reach.bounced is not None or (question.campaign.message_class == MARKETING and reach.unwanted is not None):
        return no("suppressed")
    return None
