"""Whatever goes wrong outside our code ends as one sentence and a code of its own."""

from __future__ import annotations

import errno
import subprocess
import urllib.request
from pathlib import Path

import pytest
import redis
from kafka.errors import KafkaTimeoutError

from cli import exits
from cli.causes import CODES, cause
from local_stack.addresses import ROOT
from local_stack.errors import StackError


def test_a_dead_broker_is_named() -> None:
    """With what to do about it."""
    told = cause(KafkaTimeoutError("Failed to bootstrap"))
    assert told is not None
    assert told[1] == exits.UNREACHABLE
    assert told[0].startswith("Kafka does not answer")
    assert "./tidemark up" in told[0]


def test_a_refused_redis_is_named() -> None:
    """Its client names only a port."""
    with pytest.raises(redis.ConnectionError) as refused:
        redis.Redis(port=1).ping()
    told = cause(refused.value)
    assert told is not None
    assert told[1] == exits.UNREACHABLE
    assert told[0].startswith("Redis does not answer")


def test_a_refused_flink_is_named() -> None:
    """Its REST interface is asked through the standard library."""
    with pytest.raises(OSError, match="refused") as refused:
        urllib.request.urlopen("http://127.0.0.1:1/overview")
    told = cause(refused.value)
    assert told is not None
    assert told[0].startswith("Flink does not answer")


def test_a_full_disk_is_told_from_other_troubles() -> None:
    """The cure is another one."""
    told = cause(OSError(errno.ENOSPC, "No space left on device", "shop.jsonl"))
    assert told is not None
    assert told[1] == exits.NO_ROOM
    assert "shop.jsonl" in told[0]


def test_a_mistake_of_ours_keeps_its_trace() -> None:
    """A sentence would hide where it is."""
    assert cause(ZeroDivisionError()) is None


@pytest.mark.parametrize("error", StackError.__subclasses__())
def test_every_error_of_the_stack_has_a_code_of_its_own(error: type[StackError]) -> None:
    """A script tells them apart without reading."""
    assert cause(error("why")) == ("why", CODES[error])
    assert len(set(CODES.values())) == len(CODES)


def test_without_the_environment_the_command_says_what_to_do(tmp_path: Path) -> None:
    """The first command of somebody who skipped the set-up."""
    (tmp_path / "tidemark").write_bytes((ROOT / "tidemark").read_bytes())
    told = subprocess.run(["sh", str(tmp_path / "tidemark"), "up"], capture_output=True, text=True)
    assert told.returncode == exits.SETUP
    assert "make setup" in told.stderr
