"""The rules over thousands of visits of the real baskets' shop say what the labels say, all of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from connectors.topics import INPUTS
from tests.baskets import by_day
from tests.baskets.expected import Expected, collect, difference
from tests.baskets.labels import Terms, labels
from tests.baskets.shop import shop
from tests.baskets.through_wire import as_events, as_records
from tests.disturb import Sent, Weather, disturb
from udfs.campaign_rule import CampaignRule
from udfs.campaigns import CampaignConfig, parse_campaigns
from udfs.memory_driver import Story, drive
from udfs.outputs import Decision, Trigger
from udfs.time import DAY, HOUR, MINUTE, Millis
from udfs.zones import of_countries, time_of_day, zone

CONFIG = Path("config")
VISITS = 3000
RUN_ON = 48 * HOUR


@cache
def records() -> tuple[Sent, ...]:
    return tuple(as_records(shop(VISITS).calls))


def shipped(**changes: str) -> CampaignConfig:
    """The shipped campaign, and the governor by day; `changes` rewrite single spellings in the campaign's file."""
    campaign = (CONFIG / "campaigns" / "cart_abandonment.toml").read_text("utf-8")
    governor = by_day.governor().decode()
    for key, value in changes.items():
        lines = [f"{key} = {value}" if line.startswith(f"{key} ") else line for line in campaign.splitlines()]
        campaign = "\n".join(lines)
    if cap := changes.get("within"):
        governor = governor.replace('"20h"', cap)
    return parse_campaigns({"cart_abandonment.toml": campaign.encode()}, ("governor.toml", governor.encode()))


def told(config: CampaignConfig, sent: tuple[Sent, ...] | list[Sent], **driven: Any) -> Expected:
    """What the rules say under the memory driver, with nothing there twice."""
    story = run(config, sent, **driven)
    decisions = [msgspec.to_builtins(output) for output in story.emitted if isinstance(output, Decision)]
    triggers = [msgspec.to_builtins(output) for output in story.emitted if isinstance(output, Trigger)]
    ids = [decision["decision_id"] for decision in decisions] + [trigger["trigger_id"] for trigger in triggers]
    assert len(ids) == len(set(ids))
    return collect(decisions, triggers)


def run(config: CampaignConfig, sent: tuple[Sent, ...] | list[Sent], **driven: Any) -> Story[Any, Any]:
    driven.setdefault("stop_at", shop(VISITS).last + RUN_ON)
    rule = CampaignRule(config, live_from=shop(VISITS).live_from)
    return drive(rule, as_events(sent), **driven)


def expected(stop_at: Millis | None = None, **terms: Any) -> Expected:
    what = shop(VISITS)
    return labels(what.calls, Terms(what.live_from, **terms), stop_at or what.last + RUN_ON)


def test_decisions_and_triggers_of_the_shipped_campaign_equal_the_labels() -> None:
    """All of them, to the millisecond: who, which step, which cart, when, why, and what was in it."""
    assert difference(told(shipped(), records()), expected()) == ""


CONFIGURATIONS: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({"activity": '"cart"'}, {"activity": "cart"}),
    ({"wait": '"3min"', "latest": '"20min"'}, {"wait": 3 * MINUTE, "latest": 20 * MINUTE}),
    ({"reentry": '"1h"'}, {"reentry": HOUR}),
    ({"reentry": '"1h"', "within": '"30h"'}, {"reentry": HOUR, "cap_within": 30 * HOUR}),
    ({"merge": '"0h"'}, {"merge": 0}),
    ({"activity": '"cart"', "merge": '"3h"'}, {"activity": "cart", "merge": 3 * HOUR}),
    ({"after": '"3h"', "after_order": '"2h"'}, {"after": 3 * HOUR, "after_order": 2 * HOUR}),
]


@pytest.mark.parametrize(("changes", "terms"), CONFIGURATIONS, ids=["-".join(c) for c, _ in CONFIGURATIONS])
def test_decisions_and_triggers_equal_the_labels_under_other_terms(
    changes: dict[str, str], terms: dict[str, Any]
) -> None:
    """The shipped numbers never let the cap bite or a pause be short; with others every question is reached."""
    assert difference(told(shipped(**changes), records()), expected(**terms)) == ""


def test_a_disturbed_day_gives_the_same_decisions_and_triggers() -> None:
    """Arrival out of order, twice and late by topic changes nothing, nor do the tick's length and the shards."""
    disturbed = disturb(records(), Weather(bound=10 * MINUTE))
    assert difference(told(shipped(), disturbed, tick=MINUTE, shards=7), expected()) == ""


def zones_of(decision: Decision) -> list[ZoneInfo]:
    """The visitors tell a country, the United States, or nothing at all."""
    names = ["UTC"] if decision.facts["zone_by"] == "default" else of_countries()[decision.facts["zone"]]
    return [where for name in names if (where := zone(name))]


def test_at_night_nobody_is_mailed_and_every_signal_is_answered_once() -> None:
    """The whole governor: quiet hours of the default zone, spread over an hour, and what was held decided anew."""
    governor = (CONFIG / "governor.toml").read_bytes()
    config = parse_campaigns(
        {"c.toml": (CONFIG / "campaigns" / "cart_abandonment.toml").read_bytes()}, ("g.toml", governor)
    )
    decisions = [one for one in run(config, records()).emitted if isinstance(one, Decision)]
    final = {one.signal_id: one for one in decisions if one.outcome != "defer"}
    held = [one for one in decisions if one.outcome == "defer"]
    assert len(final) + len(held) == len(decisions) == len({one.decision_id for one in decisions})
    assert {one.signal_id for one in decisions} == set(final)
    for one in decisions:
        if one.outcome == "send":
            assert all(8 * HOUR <= time_of_day(where, one.at) < 21 * HOUR for where in zones_of(one))
    assert len(held) > 100
    assert {final[one.signal_id].reason for one in held} >= {"sent", "converted", "superseded"}


def test_a_bounded_run_decides_up_to_its_end() -> None:
    """Deadlines up to and including `stop_at` are decided, later ones are not."""
    ends = [decision.at for decision in expected().decisions]
    middle = sorted(ends)[len(ends) // 2]
    cut = tuple(record for record in records() if record.at <= middle)
    assert difference(told(shipped(), cut, stop_at=middle), expected(stop_at=middle)) == ""


def test_nothing_is_left_over_when_the_clock_has_run_on() -> None:
    """Whoever is not seen for longer than consent is kept is forgotten, and nobody is kept without a wake-up."""
    story = run(shipped(), records(), stop_at=shop(VISITS).last + 402 * DAY)
    assert (story.left_over, story.states) == ({}, {})


def test_the_visits_reach_every_reason() -> None:
    """A truth that never sees a reason cannot vouch for it."""
    reasons = {reason for _, _, reason in expected().by_reason()}
    reasons |= {reason for _, _, reason in expected(reentry=HOUR, cap_within=30 * HOUR).by_reason()}
    assert reasons == set(
        "sent before_live_from no_consent ordered_recently reentry_blocked converted superseded capped".split()
    )


def test_some_visits_leave_several_carts_at_once() -> None:
    """Households share a login; their mails, and the reminders that took a cart along, show more than one."""
    several = [mail.step for mail in expected().triggers if len({cart for cart, *_ in mail.items}) > 1]
    assert set(several) == {1, 2}
    assert len(several) > 5


def test_the_visits_stand_on_the_edges() -> None:
    """An order at a deadline, one millisecond before and after it; the same for reminders, re-entry and courtesy."""
    what, decisions = shop(VISITS), expected().decisions
    orders = {(call.get("userId") or call["anonymousId"], at) for at, call in what.calls
              if call.get("event") == "Order Completed"}  # fmt: skip
    first_mails = {(told.user, told.at) for told in decisions if (told.step, told.outcome) == (1, "send")}
    assert any((told.user, told.at + 1) in orders for told in decisions if told.step == 1)
    assert any((user, at + DAY) in orders for user, at in first_mails)
    assert any((told.user, told.at - DAY) in orders for told in decisions if told.outcome == "send")
    assert any((told.user, told.at - DAY + 1) in orders for told in decisions if told.reason == "ordered_recently")
    assert any(told.at == what.live_from for told in decisions if told.outcome == "send")
    assert any(told.at == what.live_from - 1 for told in decisions if told.outcome == "would_have_sent")


def test_every_input_topic_but_none_of_the_tide_is_used() -> None:
    """Mails and profiles are part of the truth too."""
    assert {record.topic for record in records()} == {topic.name for topic in INPUTS}
