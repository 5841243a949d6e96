"""What scheduled sends have to do with one person: what will be decided when, and why they were not asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from udfs.campaigns import Campaign
from udfs.person import Person
from udfs.time import Millis
from udfs.timetable import Sending, Timetable, means

if TYPE_CHECKING:
    from cli.retelling import Move, Retelling

Told = tuple[Millis, str, str, str]


def scheduled(retelling: Retelling, timetable: Timetable) -> Iterator[Told]:
    """(at in ms, kind of moment, sentence, campaign), for every send that was not answered within the story."""
    moves, until = retelling.moves, retelling.until
    answered = {(one.campaign, one.facts.get("spell_start")) for move in moves for one in move.decisions}
    for sending in timetable.sendings:
        name = sending.campaign.name
        if (name, str(sending.entry.start)) in answered or not moves:
            continue
        if passed := _passed(moves, until, sending, timetable):
            at, person = passed
            yield at, "no_mail", f"not asked about {name}: {outside(sending.campaign, person)}", name
        elif (ahead := _ahead(moves[-1].after, until, sending, timetable)) is not None:
            yield ahead, "ahead", f"{name} is decided then", name


def outside(campaign: Campaign, person: Person) -> str:
    """Which of the groups that the campaign is for somebody was not in."""
    if campaign.on_list is not None and campaign.on_list not in person.lists:
        return f"not on the list {campaign.on_list} then"
    return f"not in the segment {campaign.segment} then" if campaign.segment else "not known then"


def _passed(
    moves: Sequence[Move], until: Millis, sending: Sending, timetable: Timetable
) -> tuple[Millis, Person] | None:
    """The person's instant, and the person as they were, if it came within the story and did not mean them."""
    ends = [*(move.at for move in moves[1:]), until + 1]
    for move, end in zip(moves, ends, strict=True):
        if move.after is not None and not means(sending.campaign, move.after):
            at = timetable.instant(sending, move.after)
            if move.at <= at < end:
                return at, move.after
    return None


def _ahead(person: Person | None, until: Millis, sending: Sending, timetable: Timetable) -> Millis | None:
    if person is None or sending.entry in person.asked or not means(sending.campaign, person):
        return None
    at = timetable.instant(sending, person)
    return at if at > until else None
