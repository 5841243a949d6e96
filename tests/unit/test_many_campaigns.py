"""Campaigns that wait for the same share what is remembered of it, and decide as if each remembered for itself."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping

import msgspec
from hypothesis import given, settings

from benchmarks.many_campaigns import SIGNALS, config_of
from tests.unit.customer import NOON, add, campaign_text, config, line, look, order, view
from tests.unit.test_campaign_properties import stories
from udfs.abandonment import Abandonment, Names, Signals, Spell
from udfs.campaign_config import campaign_rule
from udfs.campaign_rule import CampaignRule
from udfs.events import Context, Event
from udfs.memory_driver import drive
from udfs.time import DAY, HOUR, MINUTE

MANY = 50
SHARED = campaign_rule(config_of(MANY), 0, 0)


class Apart(Signals):
    """A spell for each campaign and cart, as plainly as it can be done."""

    def _alike(self, views: bool) -> tuple[Names, ...]:
        return tuple((name,) for name, signal in self.newest.items() if signal.views == views)


def apart() -> CampaignRule:
    rule = campaign_rule(config_of(MANY), 0, 0)
    laws = rule.in_force(0)
    laws.ears = dataclasses.replace(laws.ears, spells=Apart(laws.ears.spells.newest))
    return rule


APART = apart()


def with_looks(events: list[Event]) -> list[Event]:
    """Whoever looks, looks at something, and tells where they are."""
    seen = Context("mobile", "Europe/Berlin", "DE")
    return [
        msgspec.structs.replace(event, lines=(line("mug"),), context=seen) if event.name == "Product Viewed" else event
        for event in events
    ]


@settings(max_examples=60, deadline=None)
@given(stories())
def test_fifty_campaigns_together_decide_as_each_apart(events: list[Event]) -> None:
    """The index: equal answers at equal instants, to everybody."""
    told, until = with_looks(events), NOON + 40 * DAY
    one, other = drive(SHARED, told, until), drive(APART, told, until)
    assert Counter(map(repr, one.emitted)) == Counter(map(repr, other.emitted))
    assert one.wakes == other.wakes


def test_all_five_signals_let_somebody_in() -> None:
    """What the benchmark and the property above are made of is not idle."""
    names = {campaign.name for campaign in SHARED.config.campaigns.values()}
    assert len(names) == MANY
    assert {text.decode().split('type = "')[1].split('"')[0] for text in _files().values()} == set(SIGNALS)
    events = with_looks([view(NOON), add(NOON + HOUR), order(NOON + HOUR + MINUTE), add(NOON + 2 * HOUR)])
    assert drive(SHARED, events, NOON + DAY).emitted != []


def _files() -> Mapping[str, bytes]:
    return {path: content for path, content in config_of(MANY).items() if path.startswith("campaigns/")}


def test_a_cart_has_a_spell_for_each_kind_of_activity_not_for_each_campaign() -> None:
    """What an event costs does not grow with the number of campaigns that wait alike."""
    story = drive(SHARED, [add(NOON), look(NOON + 1)], NOON + 1)
    spells = story.states["ada"].spells
    assert len(spells) == 2
    assert sum(len(spell.campaigns) for spell in spells) == MANY // len(SIGNALS)


def test_campaigns_that_are_gone_or_listen_otherwise_leave_a_stored_spell() -> None:
    """A spell outlives a change of the files."""
    spell = Spell(("gone", "site", "own"), "c1", NOON, NOON)
    signals = Signals({"site": Abandonment(), "own": Abandonment(activity="cart")})
    assert signals.known((spell,)) == (Spell(("site", "own"), "c1", NOON, NOON),)
    assert signals.alive_on_site(spell, NOON + 1) == (
        Spell(("site",), "c1", NOON, NOON + 1),
        Spell(("gone", "own"), "c1", NOON, NOON),
    )
    assert signals.deadline(Spell(("gone",), "c1", NOON, NOON)) is None


def test_of_two_that_share_a_spell_the_first_deadline_ends_its_own_part() -> None:
    """The other still waits, and activity after the first deadline puts off the second only."""
    short, long = campaign_text(top="", signal='wait = "10min"'), campaign_text(signal='wait = "30min"')
    rule = CampaignRule(config(short, long.replace("cart_abandonment", "patient")))
    story = drive(rule, [add(NOON), view(NOON + 20 * MINUTE)], NOON + 3 * HOUR)
    assert [(one.campaign, one.at - NOON) for one in story.emitted] == [
        ("cart_abandonment", 10 * MINUTE),
        ("patient", 50 * MINUTE),
    ]
