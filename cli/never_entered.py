"""Why a campaign has never asked about somebody: told from what is known of the person, for nobody has decided it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from cli.story import Moment
from cli.wording import clock_time, day_and_time, money
from connectors.profile_reader import Profile
from udfs.abandonment import Abandonment
from udfs.campaigns import Campaign
from udfs.carts import ORDER_COMPLETED
from udfs.schedule import Schedule
from udfs.signals import SUBSCRIBED, Happened
from udfs.time import Millis

if TYPE_CHECKING:  # what is kept is told within a second, and without the rule
    from cli.retelling import Move
    from udfs.campaign_rule import CampaignRule


class Known(NamedTuple):
    """A person as far as signals ask: the last touched cart with something in it, looks, the last order, consent.

    Instants are ms, `value` is in minor units; `consent` None means that nothing was said.
    """

    items: int = 0
    value: int = 0
    currency: str | None = None
    cart_changed_at: Millis | None = None
    last_order: Millis | None = None
    looked: bool = False
    consent: bool | None = None
    segments: Collection[str] = ()


def of_profile(profile: Profile) -> Known:
    """What Redis says."""
    said = profile.fields
    changed, ordered = said.get("cart_changed_at"), said.get("last_completed_at")
    consent = said.get("consent_marketing")
    return Known(
        int(said.get("cart_items", 0)),
        int(said.get("cart_value", 0)),
        said.get("currency"),
        int(changed) if changed else None,
        int(ordered) if ordered else None,
        "last_viewed" in said,
        None if consent is None else consent == "true",
        profile.segments,
    )


def of_moves(moves: Sequence[Move], rule: CampaignRule) -> Known:
    """What the campaigns' rule remembers of the person after all of these, and what it has heard."""
    from udfs.person_events import VIEW

    events = [move.event for move in moves if move.event is not None]
    orders = [event.at for event in events if event.name == ORDER_COMPLETED]
    known = Known(last_order=orders[-1] if orders else None, looked=any(event.name == VIEW for event in events))
    person = moves[-1].after if moves else None
    if person is None:
        return known
    segments = rule.profile.segments(person.profile) if rule.profile and person.profile else ()
    known = known._replace(consent=person.consent, segments=segments)
    cart = person.carts.last_filled
    if cart is None:
        return known
    return known._replace(items=cart.pieces, value=cart.value, currency=cart.currency, cart_changed_at=cart.changed_at)


def told(campaigns: Mapping[str, Campaign], entered: Collection[str], known: Known, at: Millis) -> Iterator[Moment]:
    """A sentence for each campaign that is run and that the person never `entered`."""
    for name, campaign in campaigns.items():
        if name not in entered:
            yield Moment(at, "standing", f"{name}: did not enter: {why_not(campaign, known, at)}", {"campaign": name})


def why_not(campaign: Campaign, known: Known, at: Millis) -> str:
    """The first thing that keeps somebody out, as far as it can be told."""
    signal = campaign.signal
    if isinstance(signal, Abandonment):
        return _looks(known) if signal.views else _cart(campaign, signal, known, at)
    if isinstance(signal, Schedule):
        return _not_asked(campaign, signal, at)
    return _happened(signal, known, at)


def _happened(signal: Happened, known: Known, at: Millis) -> str:
    if signal.segment is not None:
        if signal.segment in known.segments:
            return f"in the segment {signal.segment}, but no decision about it is known"
        return f"never came into the segment {signal.segment}"
    if signal.type == SUBSCRIBED:
        return "no decision about their subscription is known" if known.consent else _consent(known)
    ordered = known.last_order
    if ordered is None:
        return "no order is known"
    if ordered + signal.wait > at:
        due = day_and_time(ordered + signal.wait, at)
        return f"ordered at {day_and_time(ordered, at)}, nothing is due before {due}"
    return "no decision about their orders is known"


def _not_asked(campaign: Campaign, schedule: Schedule, at: Millis) -> str:
    if at <= schedule.closes:
        return f"it is set for {schedule.text}"
    groups = [f"on the list {campaign.on_list}"] if campaign.on_list else []
    groups += [f"in the segment {campaign.segment}"] if campaign.segment else []
    return f"not {' and '.join(groups)} at its time, {schedule.text}"


def _cart(campaign: Campaign, signal: Abandonment, known: Known, at: Millis) -> str:
    if not known.items:
        ordered = f", they ordered at {day_and_time(known.last_order, at)}" if known.last_order else ""
        return f"nothing is in their cart{ordered}"
    if known.value < campaign.minimum_value:
        worth, asked = (money(amount, known.currency) for amount in (known.value, campaign.minimum_value))
        return f"cart worth {worth}, the campaign asks {asked}"
    if campaign.segment and campaign.segment not in known.segments:
        return f"not in the segment {campaign.segment}"
    if campaign.not_segment and campaign.not_segment in known.segments:
        return f"in the segment {campaign.not_segment}"
    changed = known.cart_changed_at
    if changed and changed + signal.wait > at:
        due = clock_time(changed + signal.wait)
        return f"the cart was changed at {day_and_time(changed, at)}, nothing is due before {due}"
    return "no decision about their cart is known"


def _looks(known: Known) -> str:
    if not known.consent:
        return f"{_consent(known)}, and only looks of those who did are followed"
    return "no decision about their looks is known" if known.looked else "looked at no product"


def _consent(known: Known) -> str:
    return "said no to marketing mail" if known.consent is False else "never said yes to marketing mail"
