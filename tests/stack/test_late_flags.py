"""Who is late is a function of the log: the same records at the same effective times, whoever reads it, how often."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from connectors import broker
from connectors.effective_time import Marks
from connectors.topics import HEARTBEAT_KEY, INPUTS, full_name, plain_name
from local_stack.addresses import Addresses
from tests.disturb import Sent
from tests.stack.place import Place
from udfs.time import HOUR, SECOND, Millis

pytestmark = pytest.mark.stack

BEGIN: Millis = 1_790_000_000_000
BOUND: Millis = 5 * SECOND
RECORDS = 3_000

Counted = Counter[tuple[str, int, int, Millis]]
"""How often a record (topic, partition, offset) counted at an effective time, which tells its tick and its flag."""


def test_who_is_late_depends_neither_on_restarts_nor_on_parallelism(stack: Addresses) -> None:
    """Every record is refused, so the dead letters tell of each where it lay and when it counted."""
    place = Place.on(stack, "late", tick="1s", bound=f"{BOUND}ms", checkpoint_interval="1s", parallelism="1")
    log = out_of_order(RECORDS, seed=17)
    place.beat(BEGIN)

    place.send(log[: RECORDS // 2])
    place.submit("profiles", BEGIN)
    place.wait_for_committed("dead-letters", 1)
    place.tidemark("stop", "profiles", "--savepoint")
    before = place.committed("dead-letters")
    place.send(log[RECORDS // 2 :])
    place.beat(log[-1].at + HOUR)
    place.tidemark("submit", "profiles", "--from", "latest")
    place.wait_for_committed("dead-letters", RECORDS)
    place.tidemark("stop", "profiles")
    place.run_to_end("campaigns", BEGIN)
    once = counted(place, "campaigns")
    place.with_settings(parallelism="2").run_to_end("campaigns", BEGIN)

    expected = by_the_model(place)
    late = sum(effective > at for at, effective in expected.values())
    assert 0 < before < RECORDS
    assert RECORDS / 20 < late < RECORDS / 2
    told = Counter((*where, effective) for where, (_, effective) in expected.items())
    assert counted(place, "profiles") == told
    assert once == told
    assert counted(place, "campaigns") == told + told


def out_of_order(count: int, seed: int) -> list[Sent]:
    """Garbage on every topic, a few records a second; one in five hangs back, some of these by more than the bound."""
    dice = Random(seed)
    log, at = [], BEGIN
    for number in range(count):
        at += dice.randrange(SECOND)
        behind = dice.randrange(8 * BOUND) if dice.random() < 0.2 else 0
        topic = dice.choice(INPUTS).name
        log.append(Sent(topic, f"p{number % 97}".encode(), b"\x01garbage", max(BEGIN, at - behind)))
    return log


def by_the_model(place: Place) -> dict[tuple[str, int, int], tuple[Millis, Millis]]:
    """Timestamp and effective time of each record by connectors/effective_time.py, reading the log itself."""
    marks, found = Marks(BOUND), {}
    for record in broker.read_to_end(place.addresses.kafka, [full_name(one.name, place.namespace) for one in INPUTS]):
        topic = plain_name(record.topic, place.namespace)
        effective = marks.effective(topic, record.partition, record.timestamp)
        if record.key != HEARTBEAT_KEY:
            found[topic, record.partition, record.offset] = (record.timestamp, effective)
    return found


def counted(place: Place, job: str) -> Counted:
    letters = [letter for letter in place.records("dead-letters") if letter["job"] == job]
    return Counter((letter["topic"], letter["partition"], letter["offset"], letter["at"]) for letter in letters)
