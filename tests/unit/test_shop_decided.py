"""What the rules make of the whole play, without a stack: the closing line is no accident, and README quotes it."""

from __future__ import annotations

from collections import Counter

import pytest

from connectors.config_files import read_config
from connectors.effective_time import Marks
from connectors.input_events import read_event
from connectors.person_log import partition_of
from connectors.rejected import Rejected
from connectors.segment_spec import parse
from connectors.topics import INPUTS, kind_of
from connectors.wire import encode
from local_stack.addresses import ROOT
from local_stack.shop.arrival import BOUND, Deliveries, Delivery, deliveries
from local_stack.shop.cast import CONVERTED, LATE_ORDER, ONE_SECOND_BEFORE, OPTED_OUT, REMINDED, SECOND_CART
from local_stack.shop.naive import Mailed, harm, replay
from local_stack.shop.people import user_id
from local_stack.shop.script import FULL, T0
from udfs.campaign_config import campaign_rule
from udfs.events import Event
from udfs.memory_driver import drive
from udfs.outputs import Decision
from udfs.time import MINUTE, Millis


class Heard:
    """The play as the jobs read it: effective times of two partitions a topic, then the campaigns' rule."""

    def __init__(self) -> None:
        self.post: Deliveries = deliveries(FULL)
        self.marks = Marks(BOUND)
        told = [*self.post.history, Delivery(T0), *self.post.live, *self.post.day_after, Delivery(FULL.end)]
        self.events = [event for letter in told if (event := self.event(letter))]
        rule = campaign_rule(read_config(), T0, self.events[0].at)
        story = drive(rule, self.events, stop_at=FULL.end - BOUND, tick=MINUTE)
        self.decisions = [said for said in story.emitted if isinstance(said, Decision)]

    def event(self, letter: Delivery) -> Event | None:
        if letter.is_beat:
            for topic in INPUTS:
                for partition in (0, 1):
                    self.marks.effective(topic.name, partition, letter.arrives)
            return None
        call = parse(letter.line.encode(), letter.arrives) if letter.line else None
        if call is None or isinstance(call, Rejected):
            return None
        effective = self.marks.effective(call.topic, partition_of(call.key, 2), call.at)
        event = read_event(kind_of(call.topic), call.key, encode(call.topic, call.record), call.at, effective)
        assert isinstance(event, Event)
        return event

    def of(self, number: int) -> list[tuple[int, str]]:
        """Step and reason of every decision about a person since the sale opened."""
        return [(said.step, said.reason) for said in self.decisions if said.user_id == user_id(number)]


@pytest.fixture(scope="module")
def heard() -> Heard:
    return Heard()


def test_no_buyer_is_mailed_and_no_cart_twice(heard: Heard) -> None:
    """Including the order that comes later than the bound."""
    orders: dict[str, list[Millis]] = {}
    for event in heard.events:
        if event.name == "Order Completed":
            orders.setdefault(event.user, []).append(event.at)
    mails = [
        Mailed(said.user_id, said.cart_id or "", int(said.facts["spell_start"]), said.at, said.step)
        for said in heard.decisions
        if said.outcome == "send"
    ]
    assert len(mails) > 250
    done = harm(mails, orders)
    assert (done.buyers, done.twice) == (0, 0)


def test_mails_are_held_back_for_many_reasons(heard: Heard) -> None:
    """The live line has something to explain."""
    reasons = Counter(said.reason for said in heard.decisions if said.outcome == "drop")
    assert set(reasons) == {"no_consent", "ordered_recently", "reentry_blocked", "converted", "superseded"}


def test_every_story_ends_as_it_was_written(heard: Heard) -> None:
    """The lines to copy answer what they promise."""
    assert heard.of(ONE_SECOND_BEFORE) == []
    assert heard.of(LATE_ORDER) == []
    assert heard.of(OPTED_OUT) == [(1, "no_consent")]
    assert heard.of(CONVERTED) == [(1, "sent"), (2, "converted")]
    assert heard.of(REMINDED) == [(1, "sent"), (2, "sent")]
    assert heard.of(SECOND_CART) == [(1, "sent"), (1, "reentry_blocked"), (2, "superseded")]


def test_the_first_mail_is_due_two_minutes_after_the_shop_opens(heard: Heard) -> None:
    """Four seconds on a clock at thirty times, and the bound as much again: nobody should wait longer for it."""
    assert min(said.at for said in heard.decisions if said.outcome == "send") == T0 + 2 * MINUTE


def test_readme_quotes_what_the_timer_would_have_done(heard: Heard) -> None:
    """A changed play changes the quotation."""
    timer, orders = replay([*heard.post.history, *heard.post.live, *heard.post.day_after], T0, FULL.end)
    done = harm(timer.mailed, orders)
    readme = (ROOT / "README.md").read_text()
    assert f"would have mailed {done.buyers} people who had already bought; Tidemark: 0." in readme
    assert f"carts mailed about twice: {done.twice} with the timer, 0 with Tidemark." in readme
