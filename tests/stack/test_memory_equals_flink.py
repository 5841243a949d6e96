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
from tests.stack.place import Place
from tests.streams import BEGIN, MOVES, Move, told
from udfs.campaign_config import campaign_rule
from udfs.events import Event
from udfs.memory_driver import drive
from udfs.profile_config import load
from udfs.profile_rule import ProfileRule
from udfs.time import DAY, HOUR, SECOND, Millis

pytestmark = pytest.mark.stack

BOUND: Millis = 5 * SECOND
RUN_ON: Millis = 45 * DAY


@settings(max_examples=2, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(moves=st.lists(MOVES, min_size=250, max_size=400))
def test_random_streams_give_the_same_on_flink_as_in_memory(stack: Addresses, moves: list[Move]) -> None:
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
