"""A Redis that stalls, refuses or forgets costs the profiles job no tick and no restart."""

from __future__ import annotations

import os
import signal
import time

import pytest
import redis

from local_stack import processes, valkey
from local_stack.addresses import Addresses, read_ports
from tests.baskets.profile_labels import profiles
from tests.baskets.shop import shop
from tests.baskets.through_wire import as_records
from tests.disturb import Sent
from tests.stack.place import Place
from tests.stack.test_profiles import in_redis
from udfs.time import HOUR

VISITS = 600
STALLED_S = 4

pytestmark = pytest.mark.stack


def test_a_redis_that_stalls_refuses_and_forgets_shows_every_profile_in_the_end(stack: Addresses) -> None:
    """SIGSTOP for seconds, kill -9 and a start, FLUSHALL: each with ticks on their way, and the view is right after."""
    what = shop(VISITS)
    sent = list(as_records(what.calls))
    quarter = -(-len(sent) // 4)
    place = Place.on(stack, "redis", checkpoint_interval="1s", shards="2")
    deliver(place, sent[:quarter])
    job = place.submit("profiles", what.live_from)
    for part, fault in enumerate((stall, kill_and_start, flush), start=1):
        deliver(place, sent[part * quarter : (part + 1) * quarter])
        fault(stack)
        place.wait_for_checkpoints(job, place.cluster.checkpoints(job) + 2)
    place.beat(what.last + 48 * HOUR)
    expected = profiles(what.calls, what.last + 48 * HOUR).people

    until = time.monotonic() + 60
    while (shown := {user: in_redis(stack, place, user) for user in expected}) != expected:
        wrong = [(expected[user], shown[user]) for user in expected if shown[user] != expected[user]]
        assert time.monotonic() < until, f"{len(wrong)} of {len(expected)}: {wrong[:3]}"
        time.sleep(1)
    assert place.failures(job) == []
    place.tidemark("stop", "profiles", "--savepoint")


def deliver(place: Place, part: list[Sent]) -> None:
    place.send(part)
    place.beat(max(record.at for record in part))


def stall(stack: Addresses) -> None:
    pid = server(stack).pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(STALLED_S)
    os.kill(pid, signal.SIGCONT)


def kill_and_start(stack: Addresses) -> None:
    running = server(stack)
    os.kill(running.pid, signal.SIGKILL)
    processes.wait_gone(lambda: [running.pid] if running.alive else [], 10)
    time.sleep(1)
    valkey.start(stack.home, read_ports(stack.home)["valkey"])


def flush(stack: Addresses) -> None:
    with redis.Redis.from_url(stack.redis) as client:
        client.flushall()


def server(stack: Addresses) -> processes.Running:
    running = processes.find(stack.home, "valkey")
    assert running is not None
    return running
