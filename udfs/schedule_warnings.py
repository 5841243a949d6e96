"""What is allowed in a schedule and seldom meant: a time that is past, one in the night, one before the campaign."""

from __future__ import annotations

from collections.abc import Iterator

from udfs.campaigns import DRAFT, HOLD, IGNORE, MARKETING
from udfs.governor_config import Governor
from udfs.schedule import Schedule, is_scheduled, read_schedule
from udfs.time import DAY, HOUR, MINUTE, Millis
from udfs.toml_keys import Keys
from udfs.zones import time_of_day, zone

Found = Iterator[tuple[str, str, str]]


def schedule_warnings(keys: Keys, governor: Governor, now: Millis | None) -> Found:
    """(key, problem, hint) of a file without errors; `now` (ms) None leaves out what depends on it, and so does a
    draft, whose time is still to be set."""
    if not is_scheduled(keys):
        return
    schedule = read_schedule(keys)
    if now is not None and keys["state"] != DRAFT and schedule.opens < now:
        where = "everywhere" if schedule.closes < now else "in a part of the world" if schedule.local else "already"
        late = f"is past {where}: what is published so late goes out at once, or not any more after valid_for"
        yield "schedule.at", late, "Set a later time"
    if (live_from := keys["live_from"]) is not None and live_from > schedule.opens:
        yield "live_from", "is later than the hour of some: for them it is only recorded", "Leave it out"
    if problem := _at_night(keys, schedule, governor):
        hint = "they are put off to its end" if keys["quiet_hours"] == HOLD else "they get none"
        yield "schedule.at", problem, f"Set an earlier time, or a shorter throttle: {hint}"


def _at_night(keys: Keys, schedule: Schedule, governor: Governor) -> str | None:
    """By each person's clock, or for one instant by the governor's."""
    where = zone(governor.zone)
    if governor.quiet is None or where is None or keys["class"] != MARKETING or keys["quiet_hours"] == IGNORE:
        return None
    hours, shown = governor.quiet.hours, schedule.at % DAY if schedule.local else time_of_day(where, schedule.at)
    night = f"quiet hours from {_clock(hours.begin)} to {_clock(hours.end)}"
    if (shown - hours.begin) % DAY < (hours.end - hours.begin) % DAY:
        return f"{_clock(shown)} lies in the {night}"
    if schedule.throttle >= (hours.begin - shown) % DAY:
        return f"{_clock(shown)} and its throttle reach into the {night}"
    return None


def _clock(shown: Millis) -> str:
    return f"{shown // HOUR:02}:{shown % HOUR // MINUTE:02}"
