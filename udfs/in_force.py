"""The campaigns that are in force between two news, with what is worked out of them once for every event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from udfs.campaigns import Campaign
from udfs.decisions import Entry
from udfs.governor_config import Governor
from udfs.listening import ears
from udfs.person import Person
from udfs.time import Millis
from udfs.timetable import Timetable


class Edition(NamedTuple):
    """A version of a campaign, and since when (ms) entries begin on it; 0 is the beginning."""

    since: Millis
    campaign: Campaign


class InForce:
    """`campaigns` are the newest of the `editions` by name. Who entered on an earlier one goes on with that.

    `sent_ttl` and `order_ttl` (ms) say how long mails and orders are of interest to any of them.
    """

    def __init__(self, editions: Mapping[str, tuple[Edition, ...]], governor: Governor) -> None:
        self.editions = editions
        self.campaigns = {name: known[-1].campaign for name, known in editions.items()}
        self._eras = {name: known for name, known in editions.items() if len(known) > 1 or known[0].since}
        self.timetable = Timetable(self.campaigns.values(), governor)
        self.is_scheduled = len(self.timetable) > 0
        self.ears = ears(self.campaigns.values(), self._eras)
        every = [one.campaign for known in editions.values() for one in known]
        own_caps = [campaign.cap.within for campaign in every if campaign.cap]
        entered = [max(campaign.entered_once_in, campaign.shown_for) for campaign in every]
        self.sent_ttl = max([governor.memory, *own_caps, *entered])
        self.order_ttl = max([1, *(campaign.after_order for campaign in every)])

    def campaign(self, entry: Entry, version: str | None = None) -> Campaign | None:
        """What an entry is answered by; `version` is written down where a later step or question is due."""
        known = self._eras.get(entry.campaign, ())
        for place, edition in enumerate(known[:-1]):
            if edition.campaign.version == version or (version is None and entry.start < known[place + 1].since):
                return edition.campaign
        return self.campaigns.get(entry.campaign)

    def elsewhere(self, was: Person | None, person: Person, at: Millis) -> Person:
        """Whose clock shows another time than was known may have an hour behind or before them that is a schedule's."""
        if was is None or person.reach is was.reach or not self.is_scheduled:
            return person
        return self.timetable.moved(was, person, at)
