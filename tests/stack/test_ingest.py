"""ingest and read on the real broker: what goes in comes out, in order, with heartbeats behind it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from connectors import broker
from connectors.input_events import read_event
from connectors.intake import Intake, ingest_lines
from connectors.segment_spec import Parsed
from connectors.topics import HEARTBEAT_KEY, INPUTS, KEPT, TOPICS, full_name, kind_of
from local_stack import topic_set
from local_stack.addresses import ROOT, Addresses
from tests.calls import AT, ONE_OF_EACH, call
from udfs.events import Event
from udfs.time import HOUR, MINUTE, SECOND

pytestmark = pytest.mark.stack

Tidemark = Callable[..., str]


@pytest.fixture
def namespace(stack: Addresses) -> str:
    """Topics of its own for each test."""
    name = f"wire-{uuid4().hex[:6]}"
    topic_set.create(stack.kafka, name)
    return name


@pytest.fixture
def tidemark(stack: Addresses, namespace: str) -> Tidemark:
    """The command line, run as a person runs it; what it prints on stdout."""

    def run(*arguments: str, given: str | None = None) -> str:
        environment = {**os.environ, **stack.environment(), "TIDEMARK_NAMESPACE": namespace}
        command = [sys.executable, "-m", "cli", *arguments]
        ran = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, input=given, timeout=120, check=False
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    return run


def names(namespace: str) -> list[str]:
    return [full_name(topic.name, namespace) for topic in KEPT]


def test_every_event_lies_on_its_topic_under_its_key_and_time(
    stack: Addresses, namespace: str, tidemark: Tidemark
) -> None:
    """The jobs read back exactly what the lines said."""
    lines = "\n".join(json.dumps(each | {"messageId": f"m{n}"}) for n, each in enumerate(ONE_OF_EACH))
    counts = json.loads(tidemark("ingest", "-", "--history", "--json", given=lines))
    assert counts["sent"] == {"profile-changes": 1, "clickstream": 1, "cart": 2, "purchase": 1, "email-events": 1}
    events = []
    for topic in INPUTS:
        for record in broker.read_to_end(stack.kafka, [full_name(topic.name, namespace)]):
            if record.key != HEARTBEAT_KEY:
                at = record.timestamp
                events.append(read_event(kind_of(topic.name), record.key, record.value, at, at))
    assert all(isinstance(event, Event) and event.user == "u_0412" and event.at == AT for event in events)
    assert len(events) == 6


def test_a_refused_line_is_a_dead_letter_and_stops_nothing(tidemark: Tidemark, tmp_path: Path) -> None:
    """File, line number and reason lead whoever mends it to the place."""
    file = tmp_path / "day.jsonl"
    file.write_text(f'{{bad\n{json.dumps(call("Cart Viewed"))}\n{{"type": "track"}}\n')
    counts = json.loads(tidemark("ingest", str(file), "--history", "--json"))
    assert (counts["sent"]["cart"], counts["rejected"]) == (1, {"not_json": 1, "field_missing": 1})
    letters = [json.loads(line)["value"] for line in tidemark("read", "dead-letters", "--json").splitlines()]
    assert [(letter["job"], letter["file"], letter["line"], letter["reason"]) for letter in letters] == [
        ("ingest", str(file), 1, "not_json"),
        ("ingest", str(file), 3, "field_missing"),
    ]
    assert letters[0]["value"] == "{bad"


def test_every_partition_ends_with_a_heartbeat_at_the_last_event(stack: Addresses, namespace: str) -> None:
    """So a topic without a single event holds nothing back."""
    lines = [json.dumps(call("Cart Viewed", at=AT + n * SECOND, message_id=f"m{n}")).encode() for n in range(3)]
    intake = ingest_lines(lines, stack.kafka, namespace, now=AT)
    last = {}
    for record in broker.read_to_end(stack.kafka, names(namespace)):
        last[record.topic, record.partition] = (record.key, record.timestamp)
    assert set(last.values()) == {(HEARTBEAT_KEY, AT + 2 * SECOND)}
    assert len(last) == sum(topic.partitions for topic in KEPT)
    assert intake.heartbeats == len(last)


def test_a_persons_events_stay_in_one_partition_in_their_order(stack: Addresses, namespace: str) -> None:
    """Order within a person is what everything else rests on."""
    lines = [
        json.dumps(call("Cart Viewed", at=AT + n, user=f"u_{n % 7}", message_id=f"m{n}")).encode() for n in range(2_000)
    ]
    ingest_lines(lines, stack.kafka, namespace, now=AT)
    seen: dict[bytes, list[tuple[int, int]]] = {}
    for record in broker.read_to_end(stack.kafka, [full_name("cart", namespace)]):
        if record.key != HEARTBEAT_KEY:
            seen.setdefault(record.key, []).append((record.partition, record.timestamp))
    assert len(seen) == 7
    for places in seen.values():
        assert len({partition for partition, _ in places}) == 1
        assert [at for _, at in places] == sorted(at for _, at in places)


def test_live_times_are_clamped_to_the_clock_at_ingest(stack: Addresses, namespace: str, tidemark: Tidemark) -> None:
    """Without --history a line from long ago happened at most thirty days ago."""
    tidemark("ingest", "-", given=json.dumps(call("Cart Viewed", at=AT - 4000 * 24 * HOUR)))
    (line,) = tidemark("read", "cart", "--json", "--limit", "1").splitlines()
    record = json.loads(line)
    assert record["value"]["timestamp"] == record["timestamp"] == record["value"]["received_at"] - 30 * 24 * HOUR


def test_read_prints_nothing_but_records_and_honours_its_limit(tidemark: Tidemark) -> None:
    """Heartbeats are plumbing; --heartbeats shows them."""
    lines = "\n".join(json.dumps(call("Cart Viewed", at=AT + n, message_id=f"m{n}")) for n in range(5))
    tidemark("ingest", "-", "--history", given=lines)
    assert len(tidemark("read", "cart").splitlines()) == 5
    assert len(tidemark("read", "cart", "--limit", "2").splitlines()) == 2
    assert len(tidemark("read", "cart", "--heartbeats", "--json").splitlines()) == 7


def test_records_of_open_and_of_given_up_transactions_are_not_seen(stack: Addresses, namespace: str) -> None:
    """A decision that was never committed was never taken; its markers must not stall the reading either."""
    name = full_name("decisions", namespace)
    writer = broker.producer(stack.kafka, transactional_id=f"t-{namespace}")
    writer.init_transactions()
    for value, commit in ((b"kept", True), (b"given up", False), (b"kept too", True)):
        writer.begin_transaction()
        writer.send(name, value, b"u", partition=0).get(10)
        writer.commit_transaction() if commit else writer.abort_transaction()
    assert [record.value for record in broker.read_to_end(stack.kafka, [name])] == [b"kept", b"kept too"]
    writer.begin_transaction()
    writer.send(name, b"open", b"u", partition=0).get(10)
    assert [record.value for record in broker.read_to_end(stack.kafka, [name])] == [b"kept", b"kept too"]
    writer.abort_transaction()
    writer.close()


def test_the_last_event_is_found_wherever_it_lies(stack: Addresses, namespace: str) -> None:
    """Heartbeats do not count, and disorder hides it before the tails that are looked at first."""
    dice = Random(3)
    moments = [AT + n * SECOND for n in range(3_000)]
    dice.shuffle(moments)
    moments.insert(100, AT + HOUR)
    with Intake(stack.kafka, namespace) as intake:
        for number, at in enumerate(moments):
            line = json.dumps(call("Cart Viewed", at=at, user=f"u_{number % 50}", message_id=f"m{number}")).encode()
            parsed = intake.read(line)
            assert isinstance(parsed, Parsed)
            intake.send(parsed)
        for minute in range(40):
            intake.beat(AT + HOUR + minute * MINUTE)
        intake.flush()
    for tail in (1, 30, 500, 10_000):
        assert broker.last_event_time(stack.kafka, names(namespace), tail) == AT + HOUR
    assert broker.last_event_time(stack.kafka, [full_name("purchase", namespace)]) is None


@pytest.mark.timeout(60)
def test_a_partition_can_be_read_again_by_the_same_reader(stack: Addresses, namespace: str) -> None:
    """Also one whose records filled a poll exactly, beside others that came later: it hung now and then."""
    topics = [full_name(topic.name, namespace) for topic in INPUTS]
    counts = (500, 1)
    with broker.producer(stack.kafka) as producer:
        for topic in topics:
            for partition, count in enumerate(counts):
                for number in range(count):
                    producer.send(topic, b"%d" % number, partition=partition)
    reader = broker.consumer(stack.kafka)
    with reader:
        ends = reader.end_offsets(broker.partitions_of(reader, topics))
        begins = dict.fromkeys(ends, 0)
        everything = list(broker.read_between(reader, begins, ends))
        for one, end in ends.items():
            alone = list(broker.read_between(reader, begins, {one: end}))
            assert [record.value for record in alone] == [b"%d" % number for number in range(end)]
    assert len(everything) == sum(ends.values()) == len(topics) * sum(counts)


def test_the_broker_has_the_topics_of_the_table(stack: Addresses, namespace: str) -> None:
    """Partitions as the table says, none forgotten."""
    ends = broker.end_offsets(stack.kafka, [full_name(topic.name, namespace) for topic in TOPICS])
    found = Counter(partition.topic for partition in ends)
    assert found == {full_name(topic.name, namespace): topic.partitions for topic in TOPICS}
