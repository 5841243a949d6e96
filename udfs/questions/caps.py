"""Has the person had enough: caps of the campaign and of all together, the hush after what was owed, repetition."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from udfs.campaigns import MARKETING
from udfs.governor_config import MONTH, WEEK, Cap
from udfs.questions.question import Question, Verdict, no, within
from udfs.questions.quiet import whereabouts
from udfs.time import SECOND, Millis


def hush(question: Question) -> Verdict | None:
    """An order confirmation is followed by a while without advertising."""
    if question.campaign.message_class != MARKETING:
        return None
    owed = [sent for sent in question.past if sent.message_class != MARKETING]
    return no("hush") if any(within(sent.at, question.governor.hush, question.at) for sent in owed) else None


def caps(question: Question) -> Verdict | None:
    """The campaign's own, then those of all marketing; the last slot may be reserved for a higher priority."""
    campaign = question.campaign
    if campaign.cap and used(campaign.cap, question, campaign.name) >= campaign.cap.count:
        return no("capped")
    if campaign.message_class != MARKETING:
        return None
    free = [(cap, cap.count - used(cap, question)) for cap in question.governor.caps]
    if any(slots <= 0 for _, slots in free):
        return no("capped")
    if any(slots == 1 and campaign.priority < cap.reserve for cap, slots in free):
        return no("reserved")
    return None


def repetition(question: Question) -> Verdict | None:
    """The same template not again so soon, nor, in the first mail of an entry, nothing but products seen lately."""
    if question.campaign.message_class != MARKETING:
        return None
    governor, at = question.governor, question.at
    again = [sent for sent in question.past if sent.template == question.template]
    if any(within(sent.at, governor.same_template, at) for sent in again):
        return no("capped")
    if not governor.same_product or question.step > 1 or question.shown is None:
        return None
    shown = {
        product for sent in question.past if within(sent.at, governor.same_product, at) for product in sent.products
    }
    return no("capped") if shown.issuperset(line.product_id for line in question.shown.lines) else None


def used(cap: Cap, question: Question, campaign: str | None = None) -> int:
    """How many messages to the person count against a cap: all marketing, or those of one campaign."""
    if not question.past:
        return 0
    since, at = _since(cap, question), question.at
    recent = [sent for sent in question.past if since < sent.at <= at]
    if campaign is None:
        return len([sent for sent in recent if sent.message_class == MARKETING])
    return len([sent for sent in recent if sent.campaign == campaign])


def _since(cap: Cap, question: Question) -> Millis:
    """The last instant before the cap's window."""
    if cap.calendar is None:
        return question.at - cap.within
    where = whereabouts(question.person.reach, question.governor.zone).zones[0]
    return begin(cap.calendar, where, question.at) - 1


def begin(calendar: str, where: ZoneInfo, at: Millis) -> Millis:
    """The midnight at which the local day, week (from Monday) or month of an instant began."""
    local = datetime.fromtimestamp(at // SECOND, UTC).astimezone(where)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if calendar == WEEK:
        midnight -= timedelta(days=midnight.weekday())
    elif calendar == MONTH:
        midnight = midnight.replace(day=1)
    return int(midnight.timestamp()) * SECOND
