"""The profiles of the real baskets' shop say what plain counting over the whole story says."""

from __future__ import annotations

from connectors.config_files import read_texts
from tests.baskets.profile_labels import Known, profiles
from tests.baskets.shop import shop
from tests.baskets.through_wire import as_events, as_records
from udfs.memory_driver import drive
from udfs.profile_config import load
from udfs.profile_rule import ProfileRule
from udfs.profile_view import Fields
from udfs.time import DAY, MINUTE

VISITS = 1000
LOW_BAR = 5_000  # nobody spends a vip's 500.00 on four weeks of groceries


def known(fields: Fields, segments: tuple[str, ...]) -> Known:
    """What a profile says, in the words of the labels."""
    consent, last = fields.get("consent_marketing"), fields.get("last_completed_at")
    tier = fields.get("loyalty_tier")
    return Known(
        orders=int(fields["orders"]),
        net_revenue=int(fields["net_revenue"]),
        last_completed_at=None if last is None else int(last),
        consent=None if consent is None else consent == "true",
        loyalty_tier=None if tier is None else str(tier),
        cart_open="cart_open" in segments,
        new="new" in segments,
        vip="vip" in segments,
    )


def test_facts_and_memberships_equal_the_labels() -> None:
    """Orders and revenue net, consent as last said, memberships at the end and every opening of a cart."""
    what = shop(VISITS)
    stop_at = what.last + 2 * DAY
    texts = read_texts()
    texts["segments/vip.toml"] = texts["segments/vip.toml"].replace("50000", str(LOW_BAR))
    rule = ProfileRule(load(texts), history_from=what.calls[0][0])
    story = drive(rule, as_events(as_records(what.calls)), stop_at=stop_at, tick=MINUTE)

    expected = profiles(what.calls, stop_at, LOW_BAR)
    found = {user: known(rule.view(state), rule.segments(state)) for user, state in story.states.items()}
    assert found == expected.people
    openings = [(told.user_id, told.change, told.at) for told in story.emitted if told.segment == "cart_open"]
    assert len(openings) == len(set(openings))
    assert set(openings) == expected.openings


def test_the_visits_leave_people_on_both_sides() -> None:
    """A truth in which everybody is new, or nobody, could not tell a right rule from a wrong one."""
    what = shop(VISITS)
    people = profiles(what.calls, what.last + 2 * DAY, LOW_BAR).people.values()
    for side in ("cart_open", "new", "vip"):
        assert {getattr(person, side) for person in people} == {True, False}
    assert {person.consent for person in people} == {True, False, None}
