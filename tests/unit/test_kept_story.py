"""What `explain` tells from Redis and the archive, without reading a topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.explain import lines, of_campaign, recent
from cli.kept import Kept, covers, last_words, read_kept
from cli.kept_story import never_entered, tell_kept
from cli.never_entered import of_profile, why_not
from connectors.archive.archiver import Archiver
from connectors.config_files import read_config
from connectors.profile_reader import Profile
from connectors.recent_decisions import RecentDecisions
from connectors.settings import Settings
from tests.unit.archived import T0, Notebook, archive, consumed, decision, event, send
from tests.unit.valkey import Valkey
from udfs.campaigns import Campaign, parse_campaigns
from udfs.outputs import Decision
from udfs.time import DAY, HOUR, MINUTE


def campaign(**changes: Any) -> Campaign:
    return replace(shipped()["cart_abandonment"], **changes)


def shipped() -> Mapping[str, Campaign]:
    """Drafts, too."""
    return parse_campaigns(read_config(Path("config/campaigns"))).campaigns


def made(*args: Any, **more: Any) -> Decision:
    return msgspec.convert(decision(*args, **more), Decision)


def texts(kept: Kept) -> list[str]:
    return [moment.text for moment in tell_kept(kept)]


def profile(**fields: Any) -> Profile:
    return Profile("ada", T0, {name: str(said) for name, said in fields.items()}, ())


def test_a_story_runs_from_being_put_off_to_the_last_look() -> None:
    """Each with its own time and reason."""
    night = {"local_time": "23:10", "zone": "Europe/Berlin", "items": "2", "value": "5400", "currency": "EUR"}
    kept = Kept(
        (
            made("ada", T0, 1, "defer", "quiet_hours", facts=night, wake_at=T0 + 9 * HOUR),
            made("ada", T0 + 9 * HOUR, 2, facts={**night, "wait": "10min"}),
        ),
        (send("ada", T0 + 9 * HOUR, "not_sent", "converted"),),
        orders=(T0 + 8 * HOUR,),
    )
    assert texts(kept) == [
        "mail put off to 23:02: it was 23:10 in Europe/Berlin",
        "order",
        "mail: 2 items left behind, 54.00 EUR; 10 min without a sign of life",
        "not sent at the last look: ordered meanwhile",
    ]


def test_whoever_did_not_reach_the_minimum_did_not_enter() -> None:
    """In the words of the campaign's owner, with both numbers."""
    facts = {"value": "1200", "minimum_value": "2000", "currency": "EUR"}
    assert texts(Kept((made("ada", T0, 1, "drop", "below_minimum", facts=facts),))) == [
        "did not enter: cart worth 12.00 EUR, the campaign asks 20.00 EUR"
    ]


@pytest.mark.parametrize(
    ("fields", "changes", "said"),
    [
        ({"cart_items": 0}, {}, "nothing is in their cart"),
        (
            {"cart_items": 0, "last_completed_at": T0 - HOUR},
            {},
            "nothing is in their cart, they ordered at 13:02",
        ),
        (
            {"cart_items": 1, "cart_value": 1200, "currency": "EUR"},
            {"minimum_value": 2000},
            "cart worth 12.00 EUR, the campaign asks 20.00 EUR",
        ),
        ({"cart_items": 1, "cart_value": 1200}, {"segment": "vip"}, "not in the segment vip"),
        (
            {"cart_items": 1, "cart_value": 1200, "cart_changed_at": T0 - MINUTE},
            {},
            "the cart was changed at 14:01, nothing is due before 14:11",
        ),
    ],
)
def test_of_somebody_who_never_entered_the_profile_says_why(
    fields: dict[str, Any], changes: dict[str, Any], said: str
) -> None:
    """Nobody has decided anything about them, and yet there is an answer."""
    known = of_profile(profile(**fields))
    assert why_not(campaign(**changes), known, T0) == said
    moments = never_entered({"cart_abandonment": campaign(**changes)}, Kept(()), profile(**fields), T0)
    assert [moment.text for moment in moments] == [f"cart_abandonment: did not enter: {said}"]


@pytest.mark.parametrize(
    ("name", "fields", "said"),
    [
        ("browse_abandonment", {}, "never said yes to marketing mail, and only looks of those who did are followed"),
        ("browse_abandonment", {"consent_marketing": "true"}, "looked at no product"),
        ("order_followup", {}, "no order is known"),
        (
            "order_followup",
            {"last_completed_at": T0 - HOUR},
            "ordered at 13:02, nothing is due before 13:02 on Thursday 2026-10-22",
        ),
        ("welcome", {"consent_marketing": "false"}, "said no to marketing mail"),
        ("win_back", {}, "never came into the segment lapsing"),
    ],
)
def test_each_signal_has_its_own_reason_for_never_having_come(name: str, fields: dict[str, Any], said: str) -> None:
    """Which of them people have to ask about is not known beforehand."""
    assert why_not(shipped()[name], of_profile(profile(**fields)), T0) == said


def test_a_campaign_that_has_decided_is_not_said_never_to_have_been_entered() -> None:
    """One story, not two."""
    kept = Kept((made("ada", T0, 1),))
    assert never_entered({"cart_abandonment": campaign()}, kept, profile(cart_items=0), T0) == []


def test_who_was_only_looked_up_in_redis_may_have_entered_long_ago() -> None:
    """What was not looked for is not said to be missing."""
    assert never_entered({"cart_abandonment": campaign()}, Kept((), whole=False), profile(cart_items=0), T0) == []


def test_what_is_so_now_does_not_push_the_last_decision_out_of_sight() -> None:
    """The profile of today beside a story of last month."""
    told = tell_kept(Kept((made("ada", T0 - 30 * DAY, 1),)))
    now = never_entered({"other": campaign()}, Kept(()), profile(cart_items=0), T0)
    assert recent([*told, *now]) == [*told, *now]


def test_several_campaigns_are_told_apart_and_one_can_be_chosen() -> None:
    """Which of them said no?"""
    told = tell_kept(
        Kept((made("ada", T0, 1), made("ada", T0, 2, "drop", "capped", campaign="winback")), orders=(T0 - HOUR,))
    )
    page = list(lines("ada", told, 0, 0, None))
    assert page[1].endswith("order")
    assert page[2].endswith("cart_abandonment: mail: 1 item left behind, 12.00 EUR; 10 min without a sign of life")
    assert page[3].endswith("winback: no mail: has had as many mails as one person should get")
    assert [moment.kind for moment in of_campaign(told, "winback")] == ["event", "decision"]


def test_a_claim_is_the_last_word_only_while_nothing_else_is_known() -> None:
    """Both may carry the same instant, and Redis keeps no order of them."""
    claim = send("ada", T0, "unknown", "claimed", 1, trigger_id="t")
    sent = send("ada", T0, "sent", "sent", 2, trigger_id="t")
    assert last_words([claim, sent]) == last_words([sent, claim]) == [sent]
    assert last_words([claim]) == [claim]


def test_redis_is_enough_where_it_reaches_back_far_enough() -> None:
    """Else the files are asked."""
    enough = (2 * DAY, 2)
    assert not covers([], enough)
    assert not covers([decision("ada", T0)], enough)
    assert not covers([decision("ada", T0), decision("ada", T0 + DAY)], enough)
    assert covers([decision("ada", T0), decision("ada", T0 + 2 * DAY)], enough)
    assert covers([decision("ada", T0 + n) for n in range(50)], enough)


def test_a_decision_of_last_month_is_shown_if_there_is_little_else() -> None:
    """Two days of what is kept may be one order, and the question was about the mail."""
    told = tell_kept(Kept((made("ada", T0 - 30 * DAY, 1),), orders=(T0,)))
    assert recent(told) == told[-1:]
    assert recent(told, 10) == told


def test_redis_and_the_files_tell_one_story(server: Valkey, tmp_path: Path) -> None:
    """What both have is told once; what is newer than the files is told, too; `until` cuts it off."""
    settings = Settings(redis=server.url)
    told = [decision("ada", T0 + n * HOUR, n) for n in range(4)]
    keeper = Archiver(tmp_path, "", Notebook())
    archive(keeper, "decisions", [consumed("decisions", one, n) for n, one in enumerate(told[:3])])
    more = {"order_id": "o", "cart_id": None, "total": 4900, "currency": "EUR", "products": None}
    bought = event("purchase", "ada", T0 + 5, "Order Completed", **more)
    archive(keeper, "purchase", [consumed("purchase", bought, 0)])
    recent_ones = RecentDecisions(server.url, "")
    recent_ones.remember("decisions", told[2:])
    recent_ones.close()
    kept = read_kept(settings, tmp_path, "ada", None, None)
    assert [one.decision_id for one in kept.decisions] == [one["decision_id"] for one in told]
    assert kept.decisions[0].facts == told[0]["facts"]
    assert kept.orders == (T0 + 5,)
    assert len(read_kept(settings, tmp_path, "ada", (2 * DAY, 1), T0 + HOUR).decisions) == 2
    assert read_kept(settings, tmp_path, "nobody", (2 * DAY, 1), None) == Kept(())


def test_without_redis_the_files_are_enough(tmp_path: Path) -> None:
    """Somebody asks why just when something is broken."""
    archive(Archiver(tmp_path, "", Notebook()), "decisions", [consumed("decisions", decision("ada", T0), 0)])
    kept = read_kept(Settings(redis="redis://127.0.0.1:1/0"), tmp_path, "ada", (2 * DAY, 1), None)
    assert len(kept.decisions) == 1
