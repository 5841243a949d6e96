"""Is the campaign live, and may the person enter it again?"""

from __future__ import annotations

from udfs.campaigns import ENDED, PAUSED
from udfs.questions.question import Question, Verdict, last_send, no, recorded_only, within
from udfs.time import Millis


def live(question: Question) -> Verdict | None:
    campaign = question.campaign
    if campaign.state == PAUSED:
        return no("paused")
    if campaign.state == ENDED:
        return no("campaign_ended")
    since = live_since(question)
    return recorded_only("before_live_from") if since is not None and question.asked_at < since else None


def live_since(question: Question) -> Millis | None:
    """The deployment's or the campaign's own, whichever is later."""
    return max((at for at in (question.live_from, question.campaign.live_from) if at is not None), default=None)


def entry(question: Question) -> Verdict | None:
    if question.step == 1 and within(last_send(question), question.campaign.entered_once_in, question.at):
        return no("reentry_blocked")
    return None
