"""A send at a time that was set: one instant for all, or the same time on everybody's own clock, and over how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from udfs.local_time import MOST_AHEAD, MOST_BEHIND, first_shown
from udfs.time import Millis
from udfs.toml_keys import Keys

EARLIEST_YEAR, LATEST_YEAR = 2000, 2099
SCHEDULE = "schedule"


class Moment(NamedTuple):
    """A date and a time as written: `at` is ms as if clocks were in UTC, `local` if each person's own clock counts."""

    at: Millis
    local: bool


def moment(value: Any) -> Moment:
    """Reads `2026-12-01T10:00:00` as local, and with Z or an offset as one instant."""
    if not isinstance(value, datetime):
        raise ValueError(
            f"{str(value)!r} is not a date and a time: write it without quotes, such as 2026-12-01T10:00:00 for that "
            "time where each person is, or 2026-12-01T10:00:00Z for one instant"
        )
    if not EARLIEST_YEAR <= value.year <= LATEST_YEAR:
        raise ValueError(f"{value} is not between {EARLIEST_YEAR} and {LATEST_YEAR}")
    return Moment(int(value.replace(tzinfo=value.tzinfo or UTC).timestamp() * 1000), value.tzinfo is None)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Everybody's instant is `at` and a share of `throttle` ms that is drawn for each person and stays theirs.

    `at` is in ms; `local` reads it as what clocks show (as if they were in UTC) where the person is.
    """

    at: Millis
    local: bool = True
    throttle: Millis = 0

    @property
    def opens(self) -> Millis:
        """Nobody on earth is asked before."""
        return self.at - MOST_AHEAD if self.local else self.at

    @property
    def closes(self) -> Millis:
        """Nobody on earth is asked after."""
        return self.at + self.throttle + (MOST_BEHIND if self.local else 0)

    def begins(self, zones: Iterable[ZoneInfo]) -> Millis:
        """When the time has come in all of the zones that somebody may be in."""
        return max(first_shown(where, self.at) for where in zones) if self.local else self.at

    @property
    def text(self) -> str:
        """As it is written in the file, to the second."""
        return f"{datetime.fromtimestamp(self.at // 1000, UTC):%Y-%m-%dT%H:%M:%S}{'' if self.local else 'Z'}"


def is_scheduled(keys: Keys) -> bool:
    """True if the file says when, and not what it waits for."""
    return any(key.startswith(f"{SCHEDULE}.") for key in keys.found)


def read_schedule(keys: Keys) -> Schedule:
    """From the keys of a campaign's file; ConfigError if they do not go together."""
    for key in keys.found:
        if key.startswith("signal."):
            raise keys.error(key, "waits for something, and [schedule] says when", "Write either of the tables")
    if "audience.minimum_value" in keys.found:
        raise keys.error("audience.minimum_value", "asks what is in a cart", "A scheduled mail is about none")
    if keys["audience.segment"] is None and keys["audience.list"] is None:
        hint = 'Write segment = "..." or list = "..." under [audience]: whoever is in it at that time is asked'
        raise keys.error("schedule.at", "says when, and nothing says to whom", hint)
    at = keys["schedule.at"]
    return Schedule(at.at, at.local, keys["schedule.throttle"])
