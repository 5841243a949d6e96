"""The campaigns' rule from the files of the configuration folder."""

from __future__ import annotations

from collections.abc import Mapping

from udfs.campaign_rule import CampaignRule
from udfs.campaigns import parse_campaigns
from udfs.time import Millis

GOVERNOR = "governor.toml"


def campaign_rule(files: Mapping[str, bytes], live_from: Millis, history_from: Millis) -> CampaignRule:
    """The rule for all campaigns in `files` (path within the folder: bytes); ConfigError says what is wrong."""
    campaigns = {path: content for path, content in files.items() if path.startswith("campaigns/")}
    governor = (GOVERNOR, files[GOVERNOR]) if GOVERNOR in files else None
    return CampaignRule(parse_campaigns(campaigns, governor), None, live_from, history_from)
