"""All six shipped campaigns together, under the shipped governor, drafts as if they were live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.config_files import read_config
from render_service.templates import HERE
from tests.unit.customer import LONG_AFTER, NOON, ROOT, add, consent, event, identify, line, order, view
from tests.unit.test_campaign_properties import stories
from udfs.campaign_config import campaign_rule
from udfs.campaign_rule import CampaignRule
from udfs.decisions import REASONS
from udfs.events import Context, Event, Kind
from udfs.memory_driver import drive
from udfs.outputs import Decision, Trigger
from udfs.person import Person
from udfs.time import DAY, HOUR, MINUTE, Millis
from udfs.zones import time_of_day, zone

SHIPPED = {"cart_abandonment", "browse_abandonment", "win_back", "welcome", "order_followup", "newsletter"}


def rule() -> CampaignRule:
    return campaign_rule(read_config(), None, NOON - 800 * DAY, drafts=True)


def told(events: Sequence[Event], tick: Millis = 1000, shards: int = 4) -> list[tuple[str, Decision | Trigger]]:
    story = drive(rule(), events, stop_at=LONG_AFTER, tick=tick, shards=shards)
    assert story.states == {}
    return sorted(((one.user_id, one) for one in story.emitted), key=lambda pair: pair[0])


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    """The stories of a cart, with looks, zones, orders that are undone, and mail of others between."""
    events = draw(stories())
    for number in range(draw(st.integers(0, 8))):
        at = (
            NOON
            + draw(st.sampled_from([0, MINUTE, 45 * MINUTE, 9 * HOUR, 10 * DAY, 31 * DAY]))
            + draw(st.integers(0, 90))
        )
        user, name = draw(st.sampled_from(["ada", "bob"])), f"l{number}"
        where = Context(timezone=draw(st.sampled_from([None, "Asia/Tokyo", "America/New_York"])), country="US")
        events.append(
            draw(
                st.sampled_from(
                    [
                        view(at, lines=(line("v"),), user=user, message_id=name, context=where),
                        order(at, "x", user=user, message_id=name, order_id="o1", total=1200),
                        order(at, name="Order Cancelled", user=user, message_id=name, order_id="o1"),
                        identify(at, {"lists": {"spring": draw(st.booleans())}}, user=user, message_id=name),
                        event(at, Kind.EMAIL, "Email Sent", user=user, message_id=name, campaign="news"),
                        event(at, Kind.EMAIL, "Email Bounced", user=user, message_id=name, bounce="soft"),
                    ]
                )
            )
        )
    return events


def test_all_are_shipped_one_live_and_each_with_its_templates_and_its_page() -> None:
    """The page begins with when not to use it."""
    campaigns = rule().config.campaigns
    assert set(campaigns) == SHIPPED
    assert set(campaign_rule(read_config(), None, NOON).config.campaigns) == {"cart_abandonment"}
    for name, campaign in campaigns.items():
        page = (ROOT / "docs" / "campaigns" / f"{name}.md").read_text("utf-8")
        assert page.split("\n\n")[1] == "## When not to use it"
        for step in campaign.steps:
            assert all((HERE / f"{step.template}.{kind}.j2").is_file() for kind in ("subject", "txt", "html"))


@settings(deadline=None, max_examples=60)
@given(lives(), st.data())
def test_neither_order_of_arrival_nor_duplicates_change_anything(events: list[Event], data: st.DataObject) -> None:
    """For all of them together; a retry may come under another time."""
    doubles = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    later = [msgspec.structs.replace(one, at=one.at + data.draw(st.integers(0, HOUR))) for one in doubles]
    assert told(data.draw(st.permutations([*events, *later]))) == told(events)


@settings(deadline=None, max_examples=40)
@given(lives(), st.sampled_from([50, 60_000, HOUR, 7 * DAY]), st.integers(1, 5))
def test_neither_the_length_of_a_tick_nor_the_number_of_shards_changes_anything(
    events: list[Event], tick: Millis, shards: int
) -> None:
    """They are free choices of whoever runs the rules."""
    assert told(events, tick, shards) == told(events)


@settings(deadline=None, max_examples=80)
@given(lives())
def test_every_signal_ends_in_one_answer_and_nobody_is_mailed_at_night_or_too_often(events: list[Event]) -> None:
    """Whatever happens, by the clock of whoever told no zone; one mail in 20 hours over all campaigns."""
    emitted = drive(rule(), events, stop_at=LONG_AFTER).emitted
    decisions = [one for one in emitted if isinstance(one, Decision)]
    mails = [one for one in emitted if isinstance(one, Trigger)]
    final = Counter(one.signal_id for one in decisions if one.outcome != "defer")
    assert set(final.values()) <= {1}
    assert set(final) == {one.signal_id for one in decisions}
    assert {one.reason for one in decisions} <= REASONS
    assert len({one.decision_id for one in decisions}) == len(decisions)
    follows = {one.decision_id: one.signal_id for one in decisions if one.outcome == "defer"}
    assert all(follows[one.follows] == one.signal_id for one in decisions if one.follows)
    sent = [one for one in decisions if one.outcome == "send"]
    assert [(one.campaign, one.at) for one in sent] == [(one.campaign, one.at) for one in mails]
    for one in sent:
        where = zone(one.facts["zone"])
        if where is not None:
            assert 8 * HOUR <= time_of_day(where, one.at) < 21 * HOUR
        assert not [other for other in sent if other.user_id == one.user_id and 0 < one.at - other.at < 20 * HOUR]


@settings(deadline=None, max_examples=40)
@given(lives(), st.sampled_from([10 * MINUTE, 9 * HOUR, 3 * DAY, 40 * DAY]))
def test_a_person_survives_being_stored(events: list[Event], after: Millis) -> None:
    """What is remembered goes through msgpack and comes back equal, and goes on alike."""
    stop_at = NOON + after
    for person in drive(rule(), [one for one in events if one.at <= stop_at], stop_at=stop_at).states.values():
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(person), type=Person) == person


def test_two_campaigns_race_for_one_cap_and_the_more_important_one_wins() -> None:
    """The welcome and the cart are due at one instant, in whatever order the events came."""
    events = [consent(NOON), add(NOON - 5 * MINUTE)]
    for given_events in (events, events[::-1]):
        decisions = [one for _, one in told(given_events) if isinstance(one, Decision)]
        first = [(one.campaign, one.reason) for one in decisions if one.at == NOON + 5 * MINUTE]
        assert first == [("welcome", "sent"), ("cart_abandonment", "capped")]


def test_who_has_not_been_here_for_a_month_is_won_back_by_the_clock_alone() -> None:
    """An hour after the segment, in the daytime; whoever came by in between is not meant any more."""
    bought = [consent(NOON - 30 * DAY, user="u"), order(NOON - 30 * DAY, "mug", order_id="o", total=1200, user="u")]
    decisions = [one for _, one in told(bought) if isinstance(one, Decision) and one.campaign == "win_back"]
    assert [(one.step, one.reason) for one in decisions] == [(1, "sent"), (2, "sent")]
    assert decisions[0].at == NOON + HOUR
    back = [*bought, view(NOON + 30 * MINUTE, user="u")]
    decisions = [one for _, one in told(back) if isinstance(one, Decision) and one.campaign == "win_back"]
    assert decisions[0].reason == "not_in_audience"
