"""May this person get this message now? The questions are asked in order, and the first no decides."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import NamedTuple

from udfs.campaigns import ENDED, MARKETING, PAUSED, Campaign, Cap
from udfs.carts import Cart
from udfs.decisions import DROP, SEND, WOULD_HAVE_SENT
from udfs.person import Due, Person
from udfs.time import Millis


class Verdict(NamedTuple):
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Question:
    """One step of one campaign for one person at one instant; `due` is None for the first step.

    `cart` is None once it is forgotten. `segments` are those that the person is in; unknown is not a member.
    """

    campaign: Campaign
    step: int
    at: Millis
    person: Person
    cart: Cart | None
    due: Due | None
    caps: tuple[Cap, ...] = ()
    live_from: Millis | None = None
    segments: Collection[str] = ()


def decide(question: Question) -> Verdict:
    """Send, or the first no."""
    for ask in _QUESTIONS:
        if verdict := ask(question):
            return verdict
    return Verdict(SEND, "sent")


def within(then: Millis | None, length: Millis, at: Millis) -> bool:
    """True if `then` lies in the window (at - length, at]."""
    return then is not None and at - length < then <= at


def used(cap: Cap, question: Question, campaign: str | None = None) -> int:
    """How many messages to the person count against a cap: all marketing, or those of one campaign."""
    return sum(
        within(sent.at, cap.within, question.at)
        for sent in question.person.sent
        if sent.channel == question.campaign.channel
        and (sent.message_class == MARKETING if campaign is None else sent.campaign == campaign)
    )


def last_send(question: Question) -> Millis | None:
    """When the person last got a message of this campaign, any step, as far as it is remembered."""
    return max((sent.at for sent in question.person.sent if sent.campaign == question.campaign.name), default=None)


def _exit(question: Question) -> Verdict | None:
    """Whoever bought or changed the cart after the first message is not reminded, whatever else is true."""
    return Verdict(DROP, question.due.exit) if question.due and question.due.exit else None


def _live(question: Question) -> Verdict | None:
    if question.campaign.state == PAUSED:
        return Verdict(DROP, "paused")
    if question.campaign.state == ENDED:
        return Verdict(DROP, "campaign_ended")
    if question.live_from is not None and question.at < question.live_from:
        return Verdict(WOULD_HAVE_SENT, "before_live_from")
    return None


def _entry(question: Question) -> Verdict | None:
    if question.due is None and within(last_send(question), question.campaign.reentry, question.at):
        return Verdict(DROP, "reentry_blocked")
    return None


def _consent(question: Question) -> Verdict | None:
    if question.campaign.message_class == MARKETING and not question.person.consent:
        return Verdict(DROP, "no_consent")
    return None


def _courtesy(question: Question) -> Verdict | None:
    if within(question.person.last_order, question.campaign.after_order, question.at):
        return Verdict(DROP, "ordered_recently")
    return None


def _something_left(question: Question) -> Verdict | None:
    return None if question.cart and question.cart.lines else Verdict(DROP, "cart_empty")


def _audience(question: Question) -> Verdict | None:
    wanted, unwanted = question.campaign.segment, question.campaign.not_segment
    if (wanted and wanted not in question.segments) or (unwanted and unwanted in question.segments):
        return Verdict(DROP, "not_in_audience")
    if question.cart and question.cart.value < question.campaign.minimum_value:
        return Verdict(DROP, "below_minimum")
    return None


def _caps(question: Question) -> Verdict | None:
    own = question.campaign.cap
    if own and used(own, question, question.campaign.name) >= own.count:
        return Verdict(DROP, "capped")
    if question.campaign.message_class != MARKETING:
        return None
    if any(used(cap, question) >= cap.count for cap in question.caps):
        return Verdict(DROP, "capped")
    return None


_QUESTIONS: tuple[Callable[[Question], Verdict | None], ...] = (
    _exit,
    _live,
    _entry,
    _consent,
    _courtesy,
    _something_left,
    _audience,
    _caps,
)
