"""The tide's clock on a live stack: silent topics decide in time, and a topic that nobody keeps is told by name."""

from __future__ import annotations

import json
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors import broker
from connectors.heartbeats import Ear
from connectors.topics import KEPT, full_name
from connectors.wire import decode
from local_stack.addresses import ROOT, Addresses
from local_stack.drills.scene import CommandError
from tests.calls import MUG, call, sent
from tests.disturb import Sent
from tests.stack.place import Place
from udfs.time import SECOND, Millis

pytestmark = pytest.mark.stack

BOUND, TICK, WAIT = 2 * SECOND, SECOND, 8 * SECOND
LIMIT = BOUND + TICK + 2 * SECOND
PEOPLE = 5
LONG_AGO: Millis = 1_790_000_000_000
SILENT = "purchase"


def test_deadlines_are_decided_in_time_when_all_topics_are_silent(stack: Addresses, tmp_path: Path) -> None:
    """Within the bound, the tick and two seconds of the deadline; and not at all while one topic is not kept."""
    place = Place.on(stack, "tide", tick="1s", bound="2s", checkpoint_interval="1s", parallelism="1")
    submit(place, tmp_path)
    with clock(place, *(word for topic in KEPT if topic.name != SILENT for word in ("--topic", topic.name))):
        place.send([added("early")])
        due = wall_clock() + WAIT + LIMIT
        holder = wait_for_holder(place)
        assert set(holder) <= {f"{full_name(SILENT, place.namespace)}/{part}" for part in (0, 1)}
        time.sleep(max(0, due - wall_clock()) / 1_000)
        assert place.committed("decisions") == 0
        wait_for_metric(place, {f"{metric_name(place)}_{SILENT}_{part}" for part in (0, 1)})
        with clock(place, "--topic", SILENT):
            place.wait_for_committed("decisions", 1)
            refuse_history(place)
            lags = [lag(place, f"u{number}") for number in range(PEOPLE)]
    print(f"decided after the deadline by {sorted(lags)} ms, allowed {LIMIT} ms")
    assert statistics.median(lags) <= LIMIT


def test_a_replay_is_heard_in_every_partition_once(stack: Addresses) -> None:
    """What the clock waits for: heartbeats that somebody else writes from now on, and no event."""
    place = Place.on(stack, "ear")
    place.beat(wall_clock())
    ear = Ear(stack.kafka, place.names(*(topic.name for topic in KEPT)))
    place.send([added("u")])
    place.beat(LONG_AGO)
    heard = ear.lately()
    assert {one.at for one in heard} == {LONG_AGO}
    assert len(heard) == len({(one.topic, one.partition) for one in heard}) == sum(one.partitions for one in KEPT)
    assert ear.lately() == []
    ear.close()


def submit(place: Place, folder: Path) -> None:
    """Campaigns whose carts are left after a few seconds."""
    config = folder / "config"
    shutil.copytree(ROOT / "config", config)
    campaign = config / "campaigns" / "cart_abandonment.toml"
    campaign.write_text(re.sub(r'wait = "\w+"', f'wait = "{WAIT // SECOND}s"', campaign.read_text()))
    place.tidemark("submit", "campaigns", "--config", str(config), "--live-from", "beginning")


@contextmanager
def clock(place: Place, *arguments: str) -> Iterator[None]:
    """`tidemark tide` in the background, ended as a person ends it."""
    command = [sys.executable, "-m", "cli", "tide", *arguments]
    with subprocess.Popen(command, env=place.environment(), cwd=ROOT, stderr=subprocess.PIPE, text=True) as running:
        try:
            yield
        finally:
            running.send_signal(signal.SIGINT)
            told = running.communicate(timeout=20)[1]
    assert running.returncode == 130, told


def added(user: str) -> Sent:
    return sent(call("Product Added", wall_clock(), user, f"m-{user}", cart_id="c", currency="EUR", **MUG))


def wait_for_holder(place: Place) -> list[str]:
    """The topics that `status` names, once the others are a while ahead."""
    until = time.monotonic() + 90
    while time.monotonic() < until:
        rows = json.loads(place.tidemark("status", "--json"))
        if names := [row["name"] for row in rows if row["state"].startswith("holds the tide")]:
            return names
        time.sleep(1)
    raise AssertionError("nobody was named")


def wait_for_metric(place: Place, expected: set[str]) -> None:
    """Wait until the metric of docs/metrics.md shows just these partitions an hour or more behind the clock."""
    until = time.monotonic() + 30
    while (behind := behind_by_metric(place)) != expected:
        assert time.monotonic() < until, behind
        time.sleep(1)


def behind_by_metric(place: Place) -> set[str]:
    told = re.findall(r'_split_watermark_currentWatermark{.*split="([^"]+)".*} (\S+)', metrics_page(place))
    mine = {split: float(mark) for split, mark in told if split.startswith(metric_name(place))}
    return {split for split, mark in mine.items() if mark < wall_clock() - 3_600 * SECOND}


def metrics_page(place: Place) -> str:
    with urllib.request.urlopen(place.addresses.metrics, timeout=10) as page:
        return str(page.read().decode())


def metric_name(place: Place) -> str:
    return re.sub(r"\W", "_", place.namespace)


def refuse_history(place: Place) -> None:
    """Beside a clock each line of it would be late."""
    with pytest.raises(CommandError, match="is kept up to this very moment"):
        place.tidemark("ingest", "docs/example.jsonl", "--history")


def lag(place: Place, user: str) -> Millis:
    """How long after its deadline a left cart is decided, as one sees who does not wait for the checkpoint."""
    name = full_name("decisions", place.namespace)
    reader = broker.consumer(place.addresses.kafka, isolation_level="read_uncommitted", auto_offset_reset="latest")
    reader.assign(broker.partitions_of(reader, [name]))
    reader.seek_to_end()
    for partition in reader.assignment():
        reader.position(partition)
    place.send([added(user)])
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for records in reader.poll(timeout_ms=100).values():
            now = wall_clock()
            for record in records:
                decoded = decode(record.value, "decisions")
                if isinstance(decoded, tuple) and decoded[1]["user_id"] == user:
                    reader.close()
                    return now - int(decoded[1]["at"])
    raise AssertionError(f"{user} was not decided")


def wall_clock() -> Millis:
    return time.time_ns() // 1_000_000
