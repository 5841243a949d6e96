"""A person's story from what is kept of them: decisions with their reasons, what became of mails, orders and clicks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cli.kept import Kept
from cli.never_entered import of_profile, told
from cli.story import Moment
from cli.verdicts import sending, verdict
from connectors.profile_reader import Profile
from udfs.campaigns import Campaign
from udfs.time import Millis


def tell_kept(kept: Kept) -> list[Moment]:
    """The moments of the story in time order; a mail's end stands behind the decision of the same instant."""
    moments = [
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
    return sorted(moments, key=lambda moment: moment.at)


def _clicks(kept: Kept) -> Iterator[Moment]:
    for one in kept.clicks:
        campaign = one.get("campaign")
        of = {"campaign": str(campaign)} if campaign else {}
        yield Moment(one["at"], "event", "clicked in a mail" + (f" ({campaign})" if campaign else ""), of)


def never_entered(
    campaigns: Mapping[str, Campaign], kept: Kept, profile: Profile | None, tide: Millis | None
) -> list[Moment]:
    """For each campaign that never decided about the person, as far as it was looked for: what the profile says."""
    if profile is None or tide is None or not kept.whole:
        return []
    entered = {one.campaign for one in kept.decisions}
    return list(told(campaigns, entered, of_profile(profile), profile.as_of or tide))
