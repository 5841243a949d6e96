"""A TaskManager that is killed in the middle leaves no trace in what is committed."""

from __future__ import annotations

import os
import signal

import pytest

from local_stack import flink, processes
from local_stack.addresses import Addresses
from tests.baskets.expected import difference
from tests.baskets.labels import Terms, labels
from tests.baskets.shop import shop
from tests.baskets.through_wire import as_records
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
    """Killed with committed work behind it and uncommitted work in hand: the same set, none twice, none missing."""
    what = shop(VISITS)
    sent = list(as_records(what.calls))
    half, most = len(sent) // 2, len(sent) * 3 // 4
    expected = labels(what.calls, Terms(what.live_from), what.last + RUN_ON)
    place = Place.on(stack, "crash", checkpoint_interval="3s")

    place.send(sent[:half])
    job = place.submit("campaigns", what.live_from)
    place.wait_for_decisions(1)
    before = place.committed("decisions")
    read = place.cluster.records_read(job)
    place.send(sent[half:most])
    place.wait_until_read(job, more_than=read)
    kill_taskmanager(stack)
    place.send(sent[most:])
    place.beat(what.last + RUN_ON + HOUR)
    place.wait_for_decisions(len(expected.decisions))
    place.tidemark("stop", "campaigns", "--savepoint")

    assert 0 < before < len(expected.decisions)
    assert len(place.failures(job)) >= 1
    assert place.restored(job) >= 1
    assert difference(place.outcome(), expected) == ""
    assert place.outcome() == place.outcome(), "a second reader of committed records sees another set"
