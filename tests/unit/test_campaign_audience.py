"""Campaigns that name segments, judged by the same rules as the profiles, at the instant of the signal."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings

from tests.unit.customer import LONG_AFTER, NOON, ROOT, add, campaign_text, consent, line, order, view
from tests.unit.test_campaign_properties import stories
from udfs.campaign_config import campaign_rule
from udfs.campaign_rule import CampaignRule
from udfs.config_error import ConfigError
from udfs.events import Event
from udfs.memory_driver import drive
from udfs.outputs import Decision
from udfs.time import DAY, MINUTE

CONFIG = ROOT / "config"


def files(audience: str) -> dict[str, bytes]:
    found = {str(path.relative_to(CONFIG)): path.read_bytes() for path in CONFIG.rglob("*.toml")}
    return {**found, "campaigns/cart_abandonment.toml": campaign_text(f"[audience]\n{audience}").encode()}


def rule(audience: str) -> CampaignRule:
    return campaign_rule(files(audience), None, NOON - 800 * DAY)


def decisions(audience: str, events: Sequence[Event]) -> list[Decision]:
    story = drive(rule(audience), events, stop_at=LONG_AFTER)
    assert story.states == {}
    return [told for told in story.emitted if isinstance(told, Decision)]


LOOKING = [view(NOON + second, lines=(line("shoe", category="shoes"),)) for second in range(3)]
LEFT = [consent(NOON), add(NOON + 10)]


def test_without_a_segment_no_profile_is_kept() -> None:
    """Most campaigns need none, and it would cost memory."""
    assert campaign_rule(files(""), None, NOON).profile is None


def test_who_is_in_the_segment_gets_the_mail_and_who_is_not_does_not() -> None:
    """The fact says which it was."""
    told = decisions('segment = "browsing_shoes"', [*LEFT, *LOOKING])
    assert [(one.reason, one.facts["segment_browsing_shoes"]) for one in told][:1] == [("sent", "in")]
    told = decisions('segment = "browsing_shoes"', LEFT)
    assert [(one.reason, one.facts["segment_browsing_shoes"]) for one in told] == [("not_in_audience", "out")]


def test_who_is_in_the_unwanted_segment_does_not_get_it() -> None:
    """Here: people who have just become customers."""
    bought = [consent(NOON - 2 * DAY), order(NOON - 2 * DAY, "pen", total=1200, order_id="o1"), *LEFT]
    assert [one.reason for one in decisions('not_segment = "new"', bought)] == ["not_in_audience"]
    assert decisions('not_segment = "new"', LEFT)[0].reason == "sent"


def test_the_segment_is_that_of_the_instant_not_of_the_last_event() -> None:
    """An hour after the last look nobody is browsing any more: by the clock, without an event."""
    told = decisions('segment = "browsing_shoes"', [*LEFT, *LOOKING])
    assert [(one.step, one.reason) for one in told] == [(1, "sent"), (2, "not_in_audience")]


def test_a_segment_that_does_not_exist_is_told_with_file_and_key() -> None:
    """Before anything is submitted."""
    with pytest.raises(ConfigError, match=r"config/campaigns/cart_abandonment\.toml.*audience\.segment.*vipp.*vip"):
        rule('segment = "vipp"')


@settings(deadline=None, max_examples=40)
@given(stories())
def test_with_a_segment_ticks_and_shards_do_not_matter_either(events: list[Event]) -> None:
    """Two rules in one state, one answer."""
    one, other = (
        drive(rule('not_segment = "hot"'), events, stop_at=LONG_AFTER, tick=tick, shards=shards)
        for tick, shards in ((1000, 4), (60 * MINUTE, 1))
    )
    assert sorted(map(str, one.emitted)) == sorted(map(str, other.emitted))
    assert one.states == other.states == {}


@settings(deadline=None, max_examples=40)
@given(stories())
def test_an_audience_of_everybody_changes_no_decision(events: list[Event]) -> None:
    """Keeping a profile beside the carts does not disturb them; browsing_nothing has no member."""
    plain = decisions("", events)
    kept = decisions('not_segment = "browsing_nothing"', events)
    assert [(one.user_id, one.at, one.step, one.reason) for one in kept] == [
        (one.user_id, one.at, one.step, one.reason) for one in plain
    ]
