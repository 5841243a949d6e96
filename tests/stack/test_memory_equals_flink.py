"""The memory driver and the jobs on Flink say the same of the same log, word for word."""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from connectors import broker
from connectors.config_files import read_config, read_texts
from connectors.effective_time import Marks
from connectors.input_events import read_event
from connectors.profile_reader import ProfileReader
from connectors.topics import HEARTBEAT_KEY, INPUTS, full_name
from local_stack.addresses import Addresses
from tests.calls import MUG, call, identify, sent
from tests.disturb import Sent
from tests.stack.place import Place
from udfs.campaign_config import campaign_rule
from udfs.events import Event
from udfs.memory_driver import drive
from udfs.profile_config import load
from udfs.profile_rule import ProfileRule
from udfs.time import DAY, HOUR, MINUTE, SECOND, Millis

pytestmark = pytest.mark.stack

BEGIN: Millis = 1_790_000_000_000
BOUND: Millis = 5 * SECOND
RUN_ON: Millis = 45 * DAY
ACTIONS = (
    "view",
    "add",
    "remove",
    "checkout",
    "order",
    "consent",
    "optout",
    "open",
    "strange",
    "again",
    "late",
    "erase",
)
GAPS = (0, 1, 700, 9 * SECOND, 4 * MINUTE, 10 * MINUTE, HOUR, 7 * HOUR)
moments = st.tuples(st.integers(0, 29), st.sampled_from(ACTIONS), st.sampled_from(GAPS), st.integers(0, 3))


@settings(max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(moves=st.lists(moments, min_size=250, max_size=400))
def test_random_streams_give_the_same_on_flink_as_in_memory(
    stack: Addresses, moves: list[tuple[int, str, int, int]]
) -> None:
    """Decisions, triggers, segment changes and profiles; duplicates, lateness and erasures included."""
    place = Place.on(stack, "memory", tick="1s", shards="8", parallelism="2", bound=f"{BOUND}ms")
    log = told(moves)
    place.beat(BEGIN)
    place.send(log)
    last = max(record.at for record in log)
    place.run_to_end("campaigns", BEGIN + HOUR, run_on=f"{RUN_ON}ms")
    place.run_to_end("profiles", BEGIN + HOUR, run_on=f"{RUN_ON}ms")

    events = read_as_flink_does(place)
    history_from, stop_at = min(record.at for record in log), last + RUN_ON
    campaigns = campaign_rule(read_config(), BEGIN + HOUR, history_from)
    decided = drive(campaigns, events, stop_at, tick=HOUR, shards=3)
    profiles = ProfileRule(load(read_texts()), history_from)
    known = drive(profiles, events, stop_at, tick=HOUR, shards=3)

    assert alike(place.records("decisions") + place.records("triggers")) == alike(map(plain, decided.emitted))
    assert alike(place.records("segment-changes")) == alike(map(plain, known.emitted))
    assert place.records("dead-letters") == []
    assert decided.left_over == {}
    assert known.left_over == {}
    reader = ProfileReader(stack.redis, place.namespace)
    for user, state in known.states.items():
        shown = reader.read_profile(user)
        assert shown is not None, user
        assert shown.segments == profiles.segments(state)


def told(moves: list[tuple[int, str, int, int]]) -> list[Sent]:
    """The moves as records in their order of arrival: some twice, some late, some out of order within the bound."""
    log: list[Sent] = []
    at = BEGIN + MINUTE
    for number, (person, action, gap, item) in enumerate(moves):
        at += gap
        user, message = f"p{person}", f"m{number}"
        if action == "again" and log:
            log.append(log[-1 - number % min(len(log), 5)])
        elif action == "erase":
            log.append(Sent("cart", user.encode(), None, at))
        else:
            log.append(
                sent(spoken(action, at - (20 * SECOND if action == "late" else item * SECOND), user, message, item))
            )
    return log


def spoken(action: str, at: Millis, user: str, message: str, item: int) -> dict[str, Any]:
    """One call in Segment's spec."""
    mug = MUG | {"product_id": f"p{item}", "variant": None, "quantity": 1 + item % 2}
    cart = {"cart_id": f"c{item % 2}", "currency": "EUR"}
    match action:
        case "consent" | "optout":
            return identify(at, user, message, email=f"{user}@shop.example", consent={"marketing": action == "consent"})
        case "add" | "late":
            return call("Product Added", at, user, message, **cart, **mug)
        case "remove":
            return call("Product Removed", at, user, message, **cart, product_id=f"p{item}")
        case "checkout":
            return call("Checkout Started", at, user, message, **cart, products=[mug] * (item > 0))
        case "order":
            return call(
                "Order Completed", at, user, message, order_id=message, total=25, products=[mug], currency="EUR"
            )
        case "open":
            return call("Email Opened", at, user, message, campaign="cart_abandonment", step=1, channel="email")
        case "strange":
            return call("Wheel Spun", at, user, message, prize=item)
        case _:
            return call("Product Viewed", at, user, message, currency="EUR", **mug)


def read_as_flink_does(place: Place) -> list[Event]:
    """The events of the log with the effective times that the SQL half gives them."""
    marks = Marks(BOUND)
    events = []
    for topic in INPUTS:
        for record in broker.read_to_end(place.addresses.kafka, [full_name(topic.name, place.namespace)]):
            effective = marks.effective(topic.name, record.partition, record.timestamp)
            if record.key != HEARTBEAT_KEY:
                assert topic.kind is not None
                event = read_event(topic.kind, record.key, record.value, record.timestamp, effective)
                assert isinstance(event, Event), event
                events.append(event)
    return events


def plain(output: msgspec.Struct) -> dict[str, Any]:
    built: dict[str, Any] = msgspec.to_builtins(output)
    return built


def alike(records: Any) -> Counter[bytes]:
    """Records as a multiset."""
    return Counter(msgspec.json.encode(record, order="deterministic") for record in records)
