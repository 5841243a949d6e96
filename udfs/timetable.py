"""The scheduled sends of a configuration: who is asked when, each person once for each, wherever they are by then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from udfs.campaigns import Campaign
from udfs.decisions import Entry
from udfs.governor_config import Governor
from udfs.person import Due, Person
from udfs.questions.quiet import whereabouts
from udfs.salted import below
from udfs.schedule import Schedule
from udfs.time import Millis


@dataclass(frozen=True, slots=True)
class Sending:
    """A campaign and when its mails go out; `entry` is the same in all zones, so that nobody who travels is asked
    twice."""

    campaign: Campaign
    schedule: Schedule
    entry: Entry


class Timetable:
    """What is set for when. Empty it costs nothing; a person is woken only for what means them.

    A person's instant is that of the zone that is known of them; it has come for good, whatever is learnt later.
    """

    def __init__(self, campaigns: Iterable[Campaign], governor: Governor) -> None:
        self._zone, self._salt = governor.zone, governor.salt
        self._sendings = {one.entry: one for one in _sendings(campaigns)}

    def __len__(self) -> int:
        return len(self._sendings)

    @property
    def sendings(self) -> tuple[Sending, ...]:
        """By the name of their campaign."""
        return tuple(self._sendings.values())

    def instant(self, sending: Sending, person: Person) -> Millis:
        """When the person is asked."""
        throttle = sending.schedule.throttle
        drawn = below(throttle + 1, self._salt, "throttle", sending.campaign.name, person.user) if throttle else 0
        return _begins(sending.schedule, whereabouts(person.reach, self._zone).zones) + drawn

    def next(self, person: Person, clock: Millis) -> Millis | None:
        """The first instant after `clock` at which the person, as they are now, must be woken."""
        soonest: Millis | None = None
        for sending in self._sendings.values():
            if clock >= sending.schedule.closes or sending.entry in person.asked:
                continue
            if means(sending.campaign, person):
                at = self.instant(sending, person)
                if clock < at and (soonest is None or at < soonest):
                    soonest = at
        if person.asked:
            over = max(clock, min(self._closes(entry) for entry in person.asked)) + 1
            return over if soonest is None else min(soonest, over)
        return soonest

    def called(self, person: Person, at: Millis) -> Person:
        """The person with every question whose instant is `at`, and without what is over."""
        dues = [
            _due(sending, at, at)
            for sending in self._sendings.values()
            if sending.schedule.opens <= at <= sending.schedule.closes
            and sending.entry not in person.asked
            and means(sending.campaign, person)
            and self.instant(sending, person) == at
        ]
        if not dues and not person.asked:
            return person
        asked = tuple(entry for entry in person.asked if at <= self._closes(entry))
        return replace(person, dues=(*person.dues, *dues), asked=asked)

    def moved(self, was: Person, person: Person, at: Millis, before: Timetable | None = None) -> Person:
        """The person after something was learnt at `at` that may have moved their instants: where they live, or, with
        `before`, another timetable.

        Whose instant had come is not asked again; whose instant is now past without having come is asked at once.
        """
        before = self if before is None else before
        for entry, sending in self._sendings.items():
            if entry in person.asked or (before is self and not sending.schedule.opens < at <= sending.schedule.closes):
                continue
            unasked = tuple(due for due in person.dues if due.entry != entry or due.step > 1 or due.deferrals)
            had_come = before.has_come(entry, was, at) and len(unasked) == len(person.dues)
            now = self.instant(sending, person)
            if had_come and at <= now:
                person = replace(person, asked=(*person.asked, entry))
            elif not had_come and now < at and means(sending.campaign, person):
                person = replace(person, dues=(*unasked, _due(sending, at, now)))
            elif len(unasked) < len(person.dues):
                person = replace(person, dues=unasked)
        return person

    def has_come(self, entry: Entry, person: Person, at: Millis) -> bool:
        """True if there is such a send, and the person's instant was before `at`."""
        sending = self._sendings.get(entry)
        return sending is not None and self.instant(sending, person) < at

    def _closes(self, entry: Entry) -> Millis:
        sending = self._sendings.get(entry)
        return sending.schedule.closes if sending else -1


@lru_cache(maxsize=4096)
def _begins(schedule: Schedule, zones: tuple[ZoneInfo, ...]) -> Millis:
    return schedule.begins(zones)


def means(campaign: Campaign, person: Person) -> bool:
    """True if the person is considered: on the campaign's list, and in its segment."""
    if campaign.on_list is not None and campaign.on_list not in person.lists:
        return False
    if campaign.segment is None:
        return True
    standing = person.profile.standing.get(campaign.segment) if person.profile else None
    return standing is not None and standing.since is not None


def _sendings(campaigns: Iterable[Campaign]) -> Iterator[Sending]:
    for one in sorted(campaigns, key=lambda one: one.name):
        if isinstance(one.signal, Schedule):
            yield Sending(one, one.signal, Entry(one.name, "", one.signal.at))


def _due(sending: Sending, at: Millis, instant: Millis) -> Due:
    """Asked at `at`; how old the question is counts from the person's instant."""
    campaign = sending.campaign
    asked_at = None if at == instant else instant
    return Due(sending.entry, 1, at, at, campaign.version, campaign.channel, asked_at=asked_at)
