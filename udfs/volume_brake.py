"""A campaign that mails several times as much in an hour as was rehearsed is not the campaign that was meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from udfs.decisions import SEND
from udfs.outputs import Decision
from udfs.time import HOUR, Millis


@dataclass(frozen=True, slots=True)
class TooMany:
    """The mail decided at `at` (ms) was one more than `most` in its hour; `hourly` were rehearsed."""

    campaign: str
    at: Millis
    most: int
    hourly: int


class VolumeBrake:
    """Counts each campaign's mails by the hour of their instants (UTC), as a rehearsal does, and says once per hour
    that there are more than `times` the rehearsed ones.

    `hourly` are those by campaign; one that has none is not watched. What had waited for orders to flow does not count:
    it comes all at once, and no rehearsal has counted it.
    """

    def __init__(self, hourly: Mapping[str, int], times: int) -> None:
        self.hourly = dict(hourly)
        self.times = times
        self._counted: dict[str, dict[Millis, set[str]]] = {}
        self._since: dict[str, Millis] = {}

    def begin_anew(self, campaign: str, at: Millis, hourly: int | None) -> None:
        """Somebody has looked at it: only mails after `at` (ms) count, against what the file says now."""
        self._since[campaign] = at
        self._counted.pop(campaign, None)
        self.hourly.pop(campaign, None)
        if hourly is not None:
            self.hourly[campaign] = hourly

    def count(self, told: Decision) -> TooMany | None:
        """Take in a decision, in any order within two hours and as often as it comes."""
        hourly = self.hourly.get(told.campaign)
        if hourly is None or told.outcome != SEND or told.facts.get("held_by") == "orders_silent":
            return None
        hours = self._counted.setdefault(told.campaign, {})
        hour = told.at // HOUR * HOUR
        if hour < max(hours, default=hour) - HOUR or told.at <= self._since.get(told.campaign, told.at - 1):
            return None
        for past in [other for other in hours if other < hour - HOUR]:
            del hours[past]
        counted = hours.setdefault(hour, set())
        before = len(counted)
        counted.add(told.decision_id)
        most = self.times * hourly
        return TooMany(told.campaign, told.at, most, hourly) if before == most < len(counted) else None
