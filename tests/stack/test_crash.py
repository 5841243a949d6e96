"""A TaskManager that is killed in the middle leaves no trace in what is committed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from local_stack import flink, processes
from local_stack.addresses import Addresses
from tests.baskets.expected import difference
from tests.baskets.labels import Terms, labels
from tests.baskets.shop import shop
from tests.baskets.through_wire import as_records
from tests.disturb import Sent
from tests.stack.place import Place
from udfs.time import HOUR

VISITS = 3_000
RUN_ON = 48 * HOUR

pytestmark = pytest.mark.stack


def kill_taskmanager(stack: Addresses) -> None:
    """kill -9, and start another as a supervisor would."""
    running = processes.find(stack.home, "taskmanager")
    assert running is not None
    assert running.alive
    os.kill(running.pid, signal.SIGKILL)
    processes.wait_gone(lambda: [running.pid] if running.alive else [], 10)
    flink.wait_registered(flink.start_part(stack.home, "taskmanager"))


def test_a_killed_taskmanager_loses_and_doubles_nothing(stack: Addresses) -> None:
    """Killed twice with committed work behind it and uncommitted work in hand: the same set, none twice or missing."""
    what = shop(VISITS)
    sent = list(as_records(what.calls))
    expected = labels(what.calls, Terms(what.live_from), what.last + RUN_ON)
    place = Place.on(stack, "crash", checkpoint_interval="4s")
    committed: list[int] = []

    job = place.submit("campaigns", what.live_from)
    for number, part in enumerate(batched(sent, -(-len(sent) // 4))):
        given_up = place.uncommitted("decisions") if number else 0
        place.send(part)
        if number in (1, 2):
            place.wait_for_uncommitted("decisions", more_than=given_up)
            kill_taskmanager(stack)
        place.wait_for_decisions(committed[-1] + 1 if committed else 1)
        committed.append(place.committed("decisions"))
    place.beat(what.last + RUN_ON + HOUR)
    place.wait_for_decisions(len(expected.decisions))
    restored = place.restored(job)
    place.tidemark("stop", "campaigns", "--savepoint")

    assert committed[0] > 0
    assert committed == sorted(set(committed)), "no progress between the kills"
    assert restored >= 2
    assert len(place.failures(job)) >= 2
    assert difference(place.outcome(), expected) == ""
    assert place.outcome_by_command_line() == place.outcome()


def batched(sent: list[Sent], size: int) -> Iterator[list[Sent]]:
    return (sent[start : start + size] for start in range(0, len(sent), size))
