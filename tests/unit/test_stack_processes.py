"""Servers outlive whoever started them, and are all found again when they are to end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack import processes
from local_stack.errors import PartFailed

PARENT_OF_AN_ORPHAN = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print("ready", child.pid, flush=True)
time.sleep(60)
"""


def start(home: Path, program: str, part: str = "kafka") -> processes.Running:
    return processes.start(home, part, [sys.executable, "-c", program], {}, "1")


def log_says(running: processes.Running, word: str) -> bool:
    return word in Path(running.log).read_text()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A stack's folder; whatever a test leaves running in it is ended."""
    yield tmp_path
    processes.stop(tmp_path, None)


def test_a_server_is_found_again_by_its_home_and_part(home: Path) -> None:
    """The command that stops it is another process than the one that started it."""
    running = start(home, "import time; print('ready', flush=True); time.sleep(60)")
    processes.wait_ready(running, lambda: log_says(running, "ready"), 20)
    assert processes.find(home, "kafka") == running
    assert processes.marked(home) == [running.pid]
    assert processes.marked(home, ["valkey"]) == []


def test_stopping_ends_children_that_left_the_process_group(home: Path) -> None:
    """Flink's Python workers stay behind when their TaskManager is killed."""
    running = start(home, PARENT_OF_AN_ORPHAN)
    processes.wait_ready(running, lambda: log_says(running, "ready"), 20)
    assert len(processes.marked(home)) == 2
    processes.stop(home, ["kafka"])
    assert processes.marked(home) == []
    assert processes.find(home, "kafka") is None


def test_another_stack_is_left_alone(home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests and a demo run side by side."""
    other = tmp_path_factory.mktemp("other")
    running = start(other, "import time; time.sleep(60)")
    processes.stop(home, None)
    assert running.alive
    processes.stop(other, ["kafka"])
    assert not running.alive


def test_a_server_that_ends_while_starting_is_one_sentence_with_its_last_words(home: Path) -> None:
    """The reason is in the log, and nobody should have to look for the log."""
    running = start(home, "raise SystemExit('Error: no room for me')")
    with pytest.raises(PartFailed, match=r"kafka ended while starting \(Error: no room for me\): see .*kafka\.log"):
        processes.wait_ready(running, lambda: False, 20)


def test_a_silent_server_is_not_waited_for_for_ever(home: Path) -> None:
    """It may be stopped by a debugger or starve."""
    running = start(home, "import time; time.sleep(60)")
    with pytest.raises(PartFailed, match="did not answer within 0 s"):
        processes.wait_ready(running, lambda: False, 0.2)


def test_a_pid_that_was_given_away_again_is_not_ours(home: Path) -> None:
    """After a restart of the machine the numbers begin anew."""
    running = start(home, "import time; time.sleep(60)")
    stranger = processes.Running("kafka", running.pid, "1", "1", running.log)
    assert running.alive
    assert not stranger.alive


def test_a_dead_server_is_dead_although_its_parent_has_not_asked(home: Path) -> None:
    """A zombie has a pid and answers nothing."""
    running = start(home, "pass")
    deadline = time.monotonic() + 20
    while running.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running.alive
