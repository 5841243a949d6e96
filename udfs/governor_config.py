"""What one person is spared over all campaigns together: the governor's file, config/governor.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from udfs.time import DAY, HOUR, MINUTE, Millis
from udfs.toml_keys import Key, Keys, length, longer_than_nothing, one_of, read_keys, text, whole
from udfs.zones import Hours, zone

WEEK, MONTH = "week", "month"
CALENDAR: Mapping[str, Millis] = {"day": DAY + 2 * HOUR, WEEK: 7 * DAY + 2 * HOUR, MONTH: 31 * DAY + 2 * HOUR}


def clock(value: Any) -> Millis:
    """`21:00` as ms since midnight."""
    if isinstance(value, str) and (found := re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", value)):
        return int(found[1]) * HOUR + int(found[2]) * MINUTE
    raise ValueError(f'{value!r} is not a time of day: write it in quotes with hours and minutes, such as "21:00"')


def zone_name(value: Any) -> str:
    """An IANA name that is known."""
    if isinstance(value, str) and zone(value) is not None:
        return value
    raise ValueError(f'{value!r} is not a time zone: write an IANA name in quotes, such as "Europe/Berlin"')


def names(value: Any) -> tuple[str, ...]:
    """Several names, as a list of texts."""
    if isinstance(value, list | tuple) and all(isinstance(name, str) and name for name in value):
        return tuple(value)
    raise ValueError(f'{value!r} is not a list of names: write ["vip", "lapsing"]')


GOVERNOR_KEYS: Mapping[str, Key] = {
    "salt": Key(text, "tidemark"),
    "zone": Key(zone_name, "UTC"),
    "hush": Key(length, "2h"),
    "segments": Key(names, None),
    "quiet_hours.from": Key(clock, "21:00"),
    "quiet_hours.to": Key(clock, "08:00"),
    "quiet_hours.spread": Key(length, "60min"),
    "fatigue.template": Key(length, "0d"),
    "fatigue.product": Key(length, "0d"),
    "brakes.volume": Key(whole(0), 3),
    "brakes.order_silence": Key(length, None),
    "cap[].count": Key(whole(1)),
    "cap[].within": Key(longer_than_nothing, None),
    "cap[].calendar": Key(one_of(*CALENDAR), None),
    "cap[].reserve": Key(whole(0), 0),
}


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` messages to one person in any `within` ms, or in one `calendar` day, week or month of theirs.

    A campaign of a lower priority than `reserve` may not use the last slot.
    """

    count: int
    within: Millis
    calendar: str | None = None
    reserve: int = 0


@dataclass(frozen=True, slots=True)
class QuietHours:
    """No marketing within `hours` of local time; what was held goes out over `spread` ms after them."""

    hours: Hours
    spread: Millis


@dataclass(frozen=True, slots=True)
class Governor:
    """All of the file; lengths in ms, `zone` is for whoever has told none.

    A campaign pauses itself above `too_many` times its rehearsed volume (0: never). Orders are silent after
    `order_silence` (None: by what is usual; 0: never).
    `segments` are judged though no campaign names them, for campaigns that are yet to be published.
    """

    caps: tuple[Cap, ...] = ()
    quiet: QuietHours | None = None
    hush: Millis = 2 * HOUR
    zone: str = "UTC"
    salt: str = "tidemark"
    same_template: Millis = 0
    same_product: Millis = 0
    too_many: int = 3
    order_silence: Millis | None = None
    segments: frozenset[str] = frozenset()

    @property
    def memory(self) -> Millis:
        """How long a message that was sent is of interest."""
        return max([1, self.hush, self.same_template, self.same_product, *(cap.within for cap in self.caps)])


EASY = Governor()


def parse_governor(content: bytes, file: str) -> Governor:
    """The governor from the bytes of its file; ConfigError says what is wrong and where."""
    keys = read_keys(content, file, GOVERNOR_KEYS)
    return Governor(
        caps=tuple(read_cap(keys, f"cap.{number}") for number in range(1, keys.tables.get("cap", 0) + 1)),
        quiet=_quiet(keys),
        hush=keys["hush"],
        zone=keys["zone"],
        salt=keys["salt"],
        same_template=keys["fatigue.template"],
        same_product=keys["fatigue.product"],
        too_many=keys["brakes.volume"],
        order_silence=keys["brakes.order_silence"],
        segments=frozenset(keys["segments"] or ()),
    )


def read_cap(keys: Keys, prefix: str) -> Cap:
    """A cap of the governor, or of a campaign, which has no `calendar` and no `reserve` unless its keys say so."""
    within, calendar = keys[f"{prefix}.within"], keys[f"{prefix}.calendar"]
    if (within is None) == (calendar is None):
        problem = "is missing" if within is None else "and calendar are both there"
        raise keys.error(f"{prefix}.within", problem, 'Write within = "20h", or calendar = "day", "week" or "month"')
    reserve = keys[f"{prefix}.reserve"] if f"{prefix}.reserve" in keys.found else 0
    return Cap(keys[f"{prefix}.count"], within or CALENDAR[calendar], calendar, reserve)


def _quiet(keys: Keys) -> QuietHours | None:
    """None if the file has no table of them."""
    if not any(key.startswith("quiet_hours.") for key in keys.found):
        return None
    begin, end = keys["quiet_hours.from"], keys["quiet_hours.to"]
    if begin == end:
        raise keys.error("quiet_hours.to", "is the time at which they begin", "Leave the table out for no quiet hours")
    return QuietHours(Hours(begin, end), keys["quiet_hours.spread"])
