"""The real stack: up, asked, hurt, mended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from kafka.admin import KafkaAdminClient

from connectors.topics import TOPICS
from local_stack import health, processes
from local_stack import stack as local_stack
from local_stack.addresses import ROOT, Addresses
from local_stack.drills import harm
from local_stack.drills.report import wait
from local_stack.drills.scene import PATIENCE_S
from local_stack.stack import PARTS
from tests.stack.place import Place

pytestmark = pytest.mark.stack


def test_every_part_runs_and_says_where_as_whom_and_in_which_version(stack: Addresses) -> None:
    """This is what `status --json` prints."""
    command = [sys.executable, "-m", "cli", "status", "--json"]
    environment = {**os.environ, "TIDEMARK_STACK": str(stack.home)}
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    rows = json.loads(told.stdout)[: len(PARTS)]  # after them come the jobs and the tide
    assert [row["name"] for row in rows] == list(PARTS)
    assert {row["state"] for row in rows} == {"running"}
    assert all(row["address"] and row["pid"] and row["version"] for row in rows)


def test_every_topic_of_the_table_is_there(stack: Addresses) -> None:
    """Nothing creates topics by writing to them."""
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    try:
        assert {topic.name for topic in TOPICS} <= set(admin.list_topics())
    finally:
        admin.close()


def test_nothing_listens_beyond_this_machine(stack: Addresses) -> None:
    """A demo on a laptop in a café must not serve the café, nor do Flink's servers for the workers of a job."""
    place = Place.on(stack, "loopback")
    place.submit("profiles", live_from=0)
    wait(lambda: bool(harm.workers(stack.home)), PATIENCE_S, "a Python worker")
    ours = {f"socket:[{inode}]" for inode in wildcard_sockets()}
    for pid in processes.marked(stack.home):
        assert not ours & open_files(pid), f"process {pid} listens on every interface"
    place.tidemark("stop", "profiles")


def wildcard_sockets() -> set[str]:
    """Return the inodes of listening sockets that are not bound to the loopback."""
    found = set()
    for table in ("tcp", "tcp6"):
        for row in (processes.PROC / "net" / table).read_text().splitlines()[1:]:
            fields = row.split()
            address = fields[1].rpartition(":")[0]
            if fields[3] == "0A" and not address.endswith(("0100007F", "01000000")):
                found.add(fields[9])
    return found


def open_files(pid: int) -> set[str]:
    try:
        return {str(link.readlink()) for link in (processes.PROC / str(pid) / "fd").iterdir()}
    except OSError:
        return set()


def test_a_server_that_died_is_seen_and_started_again_at_its_address(stack: Addresses) -> None:
    """`up` mends a stack and leaves alone what runs."""
    before = {row.name: row for row in health.of_stack(stack.home)}
    pid = before["valkey"].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    processes.wait_gone(lambda: [pid] if processes.is_alive(pid) else [], 10)
    assert {row.name: row.state for row in health.of_stack(stack.home)}["valkey"] == "stopped"
    assert [said.split(" (")[0] for said in health.obituaries(stack.home)] == ["valkey has ended"]
    assert local_stack.up(stack.home) == stack
    after = {row.name: row for row in health.of_stack(stack.home)}
    assert after["valkey"].state == "running"
    assert after["kafka"].pid == before["kafka"].pid


def test_a_dead_broker_is_silent_and_not_called_running(stack: Addresses) -> None:
    """A process that is stopped still has a pid."""
    pid = next(row.pid for row in health.of_stack(stack.home) if row.name == "valkey")
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        assert {row.name: row.state for row in health.of_stack(stack.home)}["valkey"] == "silent"
    finally:
        os.kill(pid, signal.SIGCONT)


def test_data_survives_down_and_fresh_removes_them(tmp_path: Path) -> None:
    """On a stack of its own, beside the other: it takes the next ports, and keeps them."""
    try:
        first = local_stack.up(tmp_path)
        with redis.Redis.from_url(first.redis) as before:
            before.set("kept", "1")
        local_stack.down(tmp_path)
        assert processes.marked(tmp_path) == []
        with redis.Redis.from_url(local_stack.up(tmp_path).redis) as after:
            assert after.get("kept") == b"1"
    finally:
        local_stack.down(tmp_path, fresh=True)
    assert processes.marked(tmp_path) == []
    assert not tmp_path.exists()
