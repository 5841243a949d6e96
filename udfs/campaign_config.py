"""The campaigns' rule from the files of the configuration folder."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from udfs.campaign_rule import CampaignRule
from udfs.campaigns import CampaignConfig, parse_campaigns
from udfs.config_error import ConfigError
from udfs.profile_config import ProfileConfig, load
from udfs.profile_rule import ProfileRule
from udfs.time import Millis

GOVERNOR = "governor.toml"


def campaign_rule(
    files: Mapping[str, bytes], live_from: Millis | None, history_from: Millis, drafts: bool = False
) -> CampaignRule:
    """The rule for all campaigns in `files` (path within the folder: bytes); ConfigError says what is wrong.

    Drafts are left out, or with `drafts` taken as live, for a rehearsal.
    """
    config = campaign_config(files)
    config = config.rehearsed() if drafts else config.without_drafts()
    profile = ProfileRule(_named(config, files), history_from) if config.segments else None
    return CampaignRule(config, profile, live_from, history_from)


def campaign_config(files: Mapping[str, bytes]) -> CampaignConfig:
    """All campaigns in `files`, drafts too, and the governor; ConfigError says what is wrong."""
    return _parsed(
        tuple((path, text) for path, text in files.items() if path.startswith("campaigns/")), files.get(GOVERNOR)
    )


@lru_cache(maxsize=16)  # a rehearsal asks for a few of them once for every shard
def _parsed(campaigns: tuple[tuple[str, bytes], ...], governor: bytes | None) -> CampaignConfig:
    named = {f"config/{path}": content for path, content in campaigns}
    return parse_campaigns(named, None if governor is None else (f"config/{GOVERNOR}", governor))


def _named(config: CampaignConfig, files: Mapping[str, bytes]) -> ProfileConfig:
    """The segments that the campaigns name, and just what they read."""
    known = load({path: content.decode() for path, content in files.items() if path.endswith(".toml")})
    for campaign in config.campaigns.values():
        for key, name in campaign.segments.items():
            _check(campaign.file, key, name, known)
    for name in config.governor.segments:
        _check(f"config/{GOVERNOR}", "segments", name, known)
    return known.only(config.segments)


def _check(file: str, key: str, name: str, known: ProfileConfig) -> None:
    try:
        known.only([name])
    except KeyError as unknown:
        raise ConfigError(file, key, str(unknown.args[0]), "Segments are files of config/segments") from None
