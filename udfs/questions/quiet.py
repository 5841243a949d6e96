"""Is it a decent hour where the person lives?"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from udfs.campaigns import IGNORE, MARKETING, SKIP
from udfs.questions.question import Question, Verdict, later, no
from udfs.reach import Reach
from udfs.salted import below
from udfs.time import Millis
from udfs.zones import first_free, of_countries, zone

QUIET_HOURS = "quiet_hours"


class Whereabouts(NamedTuple):
    """The zones that a person may be in, how that is known (device, trait, country or default), and by what name."""

    zones: tuple[ZoneInfo, ...]
    by: str
    name: str


def whereabouts(reach: Reach, default: str) -> Whereabouts:
    """The device's zone, else the trait's, else those of the country, else the default."""
    return _whereabouts(reach.device_zone, reach.trait_zone, reach.device_country or reach.trait_country, default)


@lru_cache(maxsize=4096)
def _whereabouts(device: str | None, trait: str | None, country: str | None, default: str) -> Whereabouts:
    for name, by in ((device, "device"), (trait, "trait")):
        if name and (where := zone(name)):
            return Whereabouts((where,), by, name)
    if country and (places := tuple(_distinct(country))):
        return Whereabouts(places, "country", country.upper())
    where = zone(default)
    assert where is not None, "the governor's file is checked for it"
    return Whereabouts((where,), "default", default)


def _distinct(country: str) -> Iterator[ZoneInfo]:
    for name in of_countries().get(country.upper(), ()):
        if where := zone(name):
            yield where


def quiet_until(question: Question) -> Millis | None:
    """When quiet hours end in all of the person's zones; None if it is none now, or if they need not be kept."""
    governor, campaign = question.governor, question.campaign
    if governor.quiet is None or campaign.message_class != MARKETING or campaign.quiet_hours == IGNORE:
        return None
    free = first_free(governor.quiet.hours, whereabouts(question.person.reach, governor.zone).zones, question.at)
    if free is None:  # nowhere on earth so far, but a country's zones may lie too far apart
        where = zone(governor.zone)
        free = governor.quiet.hours.over(where, question.at) if where else None
    return None if free == question.at else free


def quiet_hours(question: Question) -> Verdict | None:
    """Hold, or skip. What was held and comes second when they end is skipped: one mail for each person."""
    if (until := quiet_until(question)) is None:
        return no(QUIET_HOURS) if overtaken(question) else None
    if question.campaign.quiet_hours == SKIP:
        return no(QUIET_HOURS)
    if question.at == question.expires:
        return no("expired")
    return later(QUIET_HOURS, min(until + _spread(question), question.expires))


def overtaken(question: Question) -> bool:
    """True if it was held, and another one that was held has just gone out."""
    if question.due is None or question.due.held_by != QUIET_HOURS:
        return False
    return any(sent.at == question.at and sent.message_class == MARKETING for sent in question.person.sent)


def _spread(question: Question) -> Millis:
    """The same for all that is held for a person, so that the best of it is chosen at one instant."""
    governor = question.governor
    assert governor.quiet is not None
    return below(governor.quiet.spread + 1, governor.salt, "spread", question.person.user)
