"""The demo as a newcomer runs it, with a shorter play: it ends well by itself, and leaves nothing when interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_stack.addresses import CURRENT, LOCAL, ROOT
from local_stack.processes import marked

pytestmark = pytest.mark.stack
PATIENCE = 400.0  # seconds; on a quiet machine a short demo takes about two minutes


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli", *arguments]


def tidemark(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TIDEMARK_STACK": str(home)}
    return subprocess.run(
        command(*arguments), cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )


@contextmanager
def playing(log: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A short demo that is interrupted at the end of the block if it still plays."""
    with log.open("wb") as words:
        demo = subprocess.Popen(command("demo", "--short", *options), cwd=ROOT, stdout=words, stderr=words)
        try:
            yield demo
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(60)


def wait_for(words: str, log: Path, demo: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while words not in log.read_text():
        assert demo.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.5)


def home_of(demo: subprocess.Popen[bytes]) -> Path:
    """The folder that this demo has taken for itself."""
    marks = LOCAL.glob("demo-*/player.pid")
    return next(mark.parent for mark in marks if mark.read_text().split()[0] == str(demo.pid))


def test_a_demo_played_once_ends_by_itself_with_mails_sent_and_no_buyer_mailed(tmp_path: Path) -> None:
    """`make demo ONCE=1`: the exit code is the verdict."""
    log = tmp_path / "demo.log"
    current = CURRENT.read_text() if CURRENT.is_file() else None
    with playing(log, "--once") as demo:
        wait_for("All up", log, demo)
        home = home_of(demo)
        assert demo.wait(PATIENCE) == 0, log.read_text()
    told = log.read_text()
    assert "The first mail is out" in told
    assert "people who had already bought; Tidemark: 0." in told
    assert "0 with Tidemark." in told
    assert "expired" not in told
    assert "14:12     no mail: ordered 1 s before the deadline" in told
    assert marked(home) == []
    outbox = LOCAL / "outbox"
    assert "mail-000001.html" in (outbox / "index.html").read_text()
    assert "Low Tide" in (outbox / "mail-000001.html").read_text()
    assert (CURRENT.read_text() if CURRENT.is_file() else None) == current


def test_while_the_shop_is_open_people_can_be_explained_and_anybody_can_be_the_customer(tmp_path: Path) -> None:
    """The lines to copy work, and Ctrl-C is the way out."""
    log = tmp_path / "demo.log"
    with playing(log) as demo:
        wait_for("The shop stays open", log, demo)
        home = home_of(demo)
        explained = tidemark(home, "explain", "u_0650")
        assert "no mail: had one at 14:12; one in 7 days is enough" in explained.stdout, explained.stderr
        assert tidemark(home, "explain", "nobody").returncode == 8
        tried = tidemark(home, "try")
        assert tried.returncode == 0, tried.stdout + tried.stderr
        assert "The mail is out: http://" in tried.stdout
        assert "no mail: ordered 1 s before the deadline" in tried.stdout
    assert demo.returncode == 0, log.read_text()
    assert marked(home) == []
