"""Everyone finds the servers of the stack that is meant, and hears plainly if there is none."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from cli import exits
from local_stack import addresses, ports, processes, stack
from local_stack.errors import NoRoom, NotRunning


def test_a_stack_named_in_the_environment_is_the_one_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests and demos run beside the stack of the person."""
    monkeypatch.setenv("TIDEMARK_STACK", str(tmp_path))
    assert addresses.current_home() == tmp_path
    monkeypatch.setenv("TIDEMARK_STACK", "demo-7")
    assert addresses.current_home() == addresses.LOCAL / "demo-7"


def test_what_was_started_last_is_the_one_meant_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`./tidemark explain` after `make demo` asks the demo's stack."""
    monkeypatch.delenv("TIDEMARK_STACK", raising=False)
    monkeypatch.setattr(addresses, "LOCAL", tmp_path)
    monkeypatch.setattr(addresses, "CURRENT", tmp_path / "current")
    assert addresses.current_home() == tmp_path / "default"
    addresses.make_current(tmp_path / "demo-7")
    assert addresses.current_home() == tmp_path / "demo-7"


def test_addresses_are_those_of_the_ports_that_were_taken(tmp_path: Path) -> None:
    """They are written down when the stack starts."""
    addresses.write_ports(tmp_path, {**ports.USUAL, "kafka": 9094})
    assert addresses.recorded(tmp_path).kafka == "127.0.0.1:9094"


def test_without_a_stack_the_sentence_says_how_to_start_one(tmp_path: Path) -> None:
    """Not a connection error from three libraries down; ports of an earlier run change nothing."""
    addresses.write_ports(tmp_path, ports.USUAL)
    with pytest.raises(NotRunning, match=r"start one with `./tidemark up`"):
        addresses.load(tmp_path)


def test_the_command_line_tells_a_missing_stack_by_its_exit_code(tmp_path: Path) -> None:
    """Scripts tell causes apart, and stdout stays empty; it works from any folder."""
    command = [str(addresses.ROOT / "tidemark"), "status", "--json"]
    environment = {"TIDEMARK_STACK": str(tmp_path), "PATH": "/usr/bin:/bin"}
    told = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (told.returncode, told.stdout) == (exits.NOT_RUNNING, "")
    assert "./tidemark up" in told.stderr


def test_a_busy_port_is_said_and_the_next_one_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person sees where the dashboard really is."""
    monkeypatch.setattr(ports, "is_free", lambda port: port != ports.USUAL["flink"])
    said: list[str] = []
    chosen = stack.choose_ports(tmp_path, said.append)
    assert chosen["flink"] == ports.USUAL["flink"] + 1
    assert said == [f"Port {ports.USUAL['flink']} is busy: flink takes {chosen['flink']}."]


def test_a_full_disk_is_said_before_anything_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker without room dies in the middle of a sentence."""
    monkeypatch.setattr("local_stack.stack.shutil.disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    with pytest.raises(NoRoom, match=r"has 5 MB left .* free some"):
        stack.up(tmp_path)
    assert processes.marked(tmp_path) == []
