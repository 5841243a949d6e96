"""What is allowed in a campaign and seldom meant: no cap, no exit on an order, an offer in a transactional mail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from udfs.campaigns import CAMPAIGN_KEYS, MARKETING, entered_by
from udfs.config_error import line_of
from udfs.governor_config import Governor
from udfs.person import PERSON_TTL
from udfs.schedule import is_scheduled
from udfs.schedule_warnings import schedule_warnings
from udfs.signals import ORDER_COMPLETED, SUBSCRIBED
from udfs.time import DAY, Millis, format_length
from udfs.toml_keys import Keys, length, longer_than_nothing, read_keys

_OFFER = re.compile(
    r"\b(offers?|discounts?|coupons?|vouchers?|sale|save \d+|gutschein|rabatt)\b|\d\s*% off", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Warned:
    """Where it is, what it is and what to do; `line` None where the key is not written."""

    file: str
    line: int | None
    key: str
    problem: str
    hint: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.key}: {self.problem}. {self.hint}"


def warnings(
    content: bytes, file: str, governor: Governor, templates: Mapping[str, str], now: Millis | None = None
) -> list[Warned]:
    """What to think about in a file without errors; `templates` are the texts of mails by their names."""
    keys = read_keys(content, file, CAMPAIGN_KEYS)
    found = [one for look in _LOOKS for one in look(keys, governor, templates)]
    found += schedule_warnings(keys, governor, now)
    return [Warned(file, line_of(keys.text, key), key, problem, hint) for key, problem, hint in found]


Found = Iterator[tuple[str, str, str]]


def _no_cap(keys: Keys, governor: Governor, _: Mapping[str, str]) -> Found:
    if keys["class"] == MARKETING and not governor.caps and "cap.count" not in keys.found:
        yield "cap", "no cap holds for this campaign", "Write [cap] here, or [[cap]] in config/governor.toml"


def _no_exit_on_order(keys: Keys, _: Governor, __: Mapping[str, str]) -> Found:
    asks_nobody_to_buy = entered_by(keys) in (SUBSCRIBED, ORDER_COMPLETED)
    if keys["class"] != MARKETING or asks_nobody_to_buy:
        return
    if keys["exits.on_order"] is False and not is_scheduled(keys):
        yield "exits.on_order", "whoever has ordered since is still asked to buy", "Leave it out: an order ends it then"
    if keys["courtesy.after_order"] == 0:
        yield "courtesy.after_order", "whoever has just ordered gets this mail", 'Leave it at "24h"'


def _transactional_offer(keys: Keys, _: Governor, templates: Mapping[str, str]) -> Found:
    if keys["class"] == MARKETING:
        return
    for number in range(1, keys.tables.get("steps", 0) + 1):
        name = keys[f"steps.{number}.template"]
        if found := _OFFER.search(f"{name.replace('_', ' ')}\n{templates.get(name, '')}"):
            yield (
                f"steps.{number}.template",
                f"a transactional mail speaks of {found[0]!r}",
                'Offers need consent: write class = "marketing"',
            )


def _beyond_the_horizon(keys: Keys, _: Governor, __: Mapping[str, str]) -> Found:
    for key, value in keys.found.items():
        read = keys.allowed[re.sub(r"\.\d+\.", "[].", key)].read
        if read in (length, longer_than_nothing) and value > PERSON_TTL:
            horizon = format_length(PERSON_TTL)
            yield key, f"{format_length(value)} is longer than anybody is remembered", f"State is kept {horizon}"


def _held_until_it_expires(keys: Keys, governor: Governor, _: Mapping[str, str]) -> Found:
    if governor.quiet is None or keys["class"] != MARKETING or keys["quiet_hours"] != "hold":
        return
    night = (governor.quiet.hours.end - governor.quiet.hours.begin) % DAY + governor.quiet.spread
    if keys["valid_for"] < night:
        yield (
            "valid_for",
            f"a mail that is held at night may wait {format_length(night)}, and then is not sent any more",
            'Make it longer, or write quiet_hours = "skip"',
        )


def _unknown_template(keys: Keys, _: Governor, templates: Mapping[str, str]) -> Found:
    for number in range(1, keys.tables.get("steps", 0) + 1):
        if templates and (name := keys[f"steps.{number}.template"]) not in templates:
            yield (
                f"steps.{number}.template",
                f"there is no template {name}",
                f"There are {', '.join(sorted(templates))}",
            )


_LOOKS: tuple[Callable[[Keys, Governor, Mapping[str, str]], Found], ...] = (
    _no_cap,
    _no_exit_on_order,
    _transactional_offer,
    _beyond_the_horizon,
    _held_until_it_expires,
    _unknown_template,
)
