"""A person's story from what is kept of them: decisions with their reasons, what became of mails, orders and clicks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cli.kept import Kept
from cli.story import Moment
from cli.verdicts import sending, verdict
from cli.wording import clock_time, day_and_time, money
from connectors.profile_reader import Profile
from udfs.abandonment import Abandonment
from udfs.campaigns import Campaign
from udfs.time import Millis


def tell_kept(kept: Kept) -> list[Moment]:
    """The moments of the story in time order; a mail's end stands behind the decision of the same instant."""
    told = [
        *(Moment(at, "event", "order") for at in kept.orders),
        *_clicks(kept),
        *(
            Moment(
                one.at,
                "decision",
                verdict(one),
                {**one.facts, "outcome": one.outcome, "reason": one.reason, "campaign": one.campaign},
            )
            for one in kept.decisions
        ),
        *(
            Moment(one["at"], "sending", sending(one["outcome"], one["reason"]), {"campaign": one["campaign"]})
            for one in kept.sends
        ),
    ]
    return sorted(told, key=lambda moment: moment.at)


def _clicks(kept: Kept) -> Iterator[Moment]:
    for one in kept.clicks:
        campaign = one.get("campaign")
        of = {"campaign": str(campaign)} if campaign else {}
        yield Moment(one["at"], "event", "clicked in a mail" + (f" ({campaign})" if campaign else ""), of)


def never_entered(
    campaigns: Mapping[str, Campaign], kept: Kept, profile: Profile | None, tide: Millis | None
) -> list[Moment]:
    """For each campaign that never decided about the person: what the profile of now says of it."""
    if profile is None or tide is None or not kept.whole:
        return []
    decided = {one.campaign for one in kept.decisions}
    at = profile.as_of or tide
    return [
        Moment(at, "standing", f"{name}: did not enter: {why_not(campaign, profile, at)}", {"campaign": name})
        for name, campaign in campaigns.items()
        if name not in decided
    ]


def why_not(campaign: Campaign, profile: Profile, at: Millis) -> str:
    """The first thing that keeps somebody out, as far as the profile can tell it."""
    if not isinstance(campaign.signal, Abandonment):
        return "its signal never came"
    known = profile.fields
    if not int(known.get("cart_items", 0)):
        last = known.get("last_completed_at")
        return "nothing is in their cart" + (f", they ordered at {day_and_time(int(last), at)}" if last else "")
    value, asked = int(known.get("cart_value", 0)), campaign.minimum_value
    if value < asked:
        currency = known.get("currency")
        return f"cart worth {money(value, currency)}, the campaign asks {money(asked, currency)}"
    if campaign.segment and campaign.segment not in profile.segments:
        return f"not in the segment {campaign.segment}"
    if campaign.not_segment and campaign.not_segment in profile.segments:
        return f"in the segment {campaign.not_segment}"
    changed = int(known.get("cart_changed_at", 0))
    if changed and changed + campaign.signal.wait > at:
        return f"the cart was changed at {day_and_time(changed, at)}, nothing is due before {_due(campaign, changed)}"
    return "no decision about their cart is known"


def _due(campaign: Campaign, changed: Millis) -> str:
    return clock_time(changed + campaign.signal.wait)
