"""A click that another one overtakes is not told to the rule, and nobody can tell."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.customer import (
    NOON,
    add,
    campaign_text,
    config,
    consent,
    event,
    line,
    look,
    order,
    remove,
    shipped,
    view,
)
from tests.unit.test_published import all_changes
from udfs.campaign_rule import CampaignRule
from udfs.events import CLICK, Context, Event
from udfs.memory_driver import drive
from udfs.time import DAY, HOUR, MINUTE, SECOND, Millis

TEXTS = {
    "whole site": [campaign_text()],
    "its own cart": [campaign_text(signal='activity = "cart"')],
    "one of each": [
        campaign_text(),
        campaign_text(signal='activity = "cart"\nwait = "7min"').replace("cart_abandonment", "slower"),
    ],
    "what was looked at": [
        campaign_text(),
        campaign_text().replace("cart_abandoned", "browse_abandoned").replace("cart_abandonment", "looks"),
    ],
}
GAPS = st.sampled_from(
    [0, 1, 1, SECOND, SECOND, MINUTE, MINUTE, 10 * MINUTE - 1, 10 * MINUTE, 10 * MINUTE + 1, 4 * HOUR, DAY]
)
CONTEXTS = [
    None,
    None,
    None,
    Context(timezone="Europe/Berlin", country="DE"),
    Context(timezone="Asia/Tokyo"),
    Context("mobile"),
]


class Unhurried:
    """The rule without the word that lets events be left out."""

    def __init__(self, rule: CampaignRule) -> None:
        self.on_event, self.on_wake, self.learn = rule.on_event, rule.on_wake, rule.learn


@st.composite
def visits(draw: st.DrawFn) -> list[Event]:
    """Mostly clicks, of somebody who may not have said yes."""
    at, told = NOON, [consent(NOON - DAY)] if draw(st.booleans()) else []
    for number in range(draw(st.integers(1, 12))):
        at += draw(GAPS)
        more: dict[str, Any] = {"message_id": f"m{number}", "context": draw(st.sampled_from(CONTEXTS))}
        what = draw(st.sampled_from(["view", "view", "page", "page", "add", "add", "look", "remove", "order"]))
        product = line(draw(st.sampled_from("xy")))
        if what == "page":
            told.append(event(at, CLICK, "Page Viewed", **more))
        elif what == "view":
            told.append(view(at, lines=(product,), **more))
        elif what == "look":
            told.append(look(at, cart="c1", **more))
        else:
            make = {"add": add, "remove": remove, "order": order}[what]
            told.append(make(at, product, cart=draw(st.sampled_from(["c1", "c2"])), **more))
    return told


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 30),
        st.sampled_from(["publish", "pause", "end"]),
        st.sampled_from([TEXTS["whole site"][0].encode(), TEXTS["its own cart"][0].encode()]),
        st.booleans(),
    ),
    max_size=3,
)


PAGE_THEN_ORDER = [
    consent(NOON - DAY),
    add(NOON, line("x")),
    event(NOON + MINUTE, CLICK, "Page Viewed"),
    order(NOON + 2 * MINUTE, line("y"), cart="c2"),
]


@settings(deadline=None, max_examples=300)
@example(PAGE_THEN_ORDER, "whole site", [], HOUR)  # an order is no activity, so the page is what counts
@given(visits(), st.sampled_from(sorted(TEXTS)), CHANGES, st.sampled_from([0, MINUTE, 2 * DAY, 399 * DAY]))
def test_an_event_that_is_overtaken_would_have_left_nothing(
    events: list[Event], which: str, changes: list[tuple[int, str, bytes, bool]], later: Millis
) -> None:
    """Neither what is said, nor who is remembered as what, nor when anybody is woken."""
    until, news = events[-1].at + later, all_changes(changes)
    hasty, thorough = (
        drive(make(CampaignRule(config(*TEXTS[which]))), events, until, news=news)
        for make in (lambda rule: rule, Unhurried)
    )
    assert hasty == thorough


def test_of_clicks_that_follow_each_other_only_the_last_is_told() -> None:
    """Unless the deadline of the cart lies between them."""
    told: list[Millis] = []

    class Listening(CampaignRule):
        def on_event(self, state: Any, event: Event) -> Any:
            told.append(event.at - NOON)
            return super().on_event(state, event)

    minutes = [0, 1, 2, 3, 20, 21]
    events = [consent(NOON - DAY), add(NOON), *[view(NOON + minute * MINUTE) for minute in minutes[1:]]]
    drive(Listening(shipped().config), events, NOON + HOUR)
    assert told == [-DAY, 0, 3 * MINUTE, 21 * MINUTE]
