"""Checks campaign files before they are used: what is wrong, and what is allowed but seldom meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from udfs.campaign_config import GOVERNOR
from udfs.campaign_warnings import Warned, warnings
from udfs.campaigns import Campaign, parse_campaign
from udfs.config_error import ConfigError, line_of
from udfs.governor_config import EASY, parse_governor
from udfs.profile_config import ProfileConfig, load
from udfs.time import Millis


@dataclass(slots=True)
class Checked:
    """In the order of the files; a file with an error has no warnings."""

    errors: list[ConfigError] = field(default_factory=list)
    warnings: list[Warned] = field(default_factory=list)


def check(
    files: Mapping[str, bytes], config: Mapping[str, bytes], templates: Mapping[str, str], now: Millis | None = None
) -> Checked:
    """`files` by the paths that errors name; `config` is the folder whose governor and segments hold for them.

    `now` (ms) is what a schedule is compared with.
    """
    governor = parse_governor(config[GOVERNOR], f"config/{GOVERNOR}") if GOVERNOR in config else EASY
    known = load({path: content.decode() for path, content in config.items()})
    checked, names = Checked(), dict[str, str]()
    for file, content in files.items():
        try:
            _refuse(parse_campaign(content, file), content.decode(), names, known)
            checked.warnings += warnings(content, file, governor, templates, now)
        except ConfigError as error:
            checked.errors.append(error)
    return checked


def _refuse(campaign: Campaign, text: str, names: dict[str, str], known: ProfileConfig) -> None:
    """What is wrong only beside other files."""
    if (other := names.setdefault(campaign.name, campaign.file)) != campaign.file:
        taken, hint = f"{campaign.name} is taken by {other}", "Give each campaign a name of its own"
        raise ConfigError(campaign.file, "name", taken, hint, line_of(text, "name"))
    for key, name in campaign.segments.items():
        try:
            known.only([name])
        except KeyError as unknown:
            problem, _, hint = str(unknown.args[0]).partition(". ")
            raise ConfigError(campaign.file, key, problem, hint, line_of(text, key)) from None
