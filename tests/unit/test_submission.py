"""Where a job goes on from: its savepoint, its newest checkpoint, or where it was itself resumed from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import typer

from cli.deployment import Deployment, SubmittedJob
from cli.submission import LATEST as ALL_WRITTEN
from cli.submission import Wish, _refuse_other_format, _restore_path, _write_after
from connectors.settings import Settings
from connectors.state_format import FORMAT
from local_stack.addresses import Addresses, of_ports

PORTS = dict.fromkeys(("kafka", "valkey", "flink", "render", "smtp", "metrics", "brakes"), 1)
LATEST = Wish("campaigns", restore="latest")


def at(home: Path) -> Addresses:
    return of_ports(home, PORTS)


def submitted(savepoint: str | None = None, started_from: str | None = None) -> Deployment:
    return Deployment(jobs={"campaigns": SubmittedJob("j1", savepoint, started_from)})


def checkpoint(home: Path, number: int, written: int) -> str:
    folder = home / "flink" / "checkpoints" / "j1" / f"chk-{number}"
    folder.mkdir(parents=True)
    (folder / "_metadata").touch()
    os.utime(folder / "_metadata", (written, written))
    return str(folder)


def test_a_job_that_was_stopped_at_a_savepoint_goes_on_there(tmp_path: Path) -> None:
    """A savepoint is the last thing that a job writes."""
    checkpoint(tmp_path, 7, 100)
    assert _restore_path(LATEST, at(tmp_path), submitted(savepoint="file:/s")) == "file:/s"


def test_else_it_goes_on_from_its_newest_checkpoint(tmp_path: Path) -> None:
    """By when it was written, not by name: 10 comes after 9."""
    checkpoint(tmp_path, 9, 100)
    newest = checkpoint(tmp_path, 10, 200)
    assert _restore_path(LATEST, at(tmp_path), submitted(started_from="file:/s")) == newest


def test_a_resumed_job_that_wrote_nothing_goes_on_from_where_it_was_resumed(tmp_path: Path) -> None:
    """To begin again instead would write all its decisions a second time."""
    assert _restore_path(LATEST, at(tmp_path), submitted(started_from="file:/s")) == "file:/s"


def test_a_job_that_wrote_nothing_and_began_at_the_beginning_cannot_go_on(tmp_path: Path) -> None:
    """Then there is nothing to go on from, and the sentence says so."""
    with pytest.raises(typer.Exit):
        _restore_path(LATEST, at(tmp_path), submitted())


def test_state_of_another_format_is_refused_by_both_names(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever has to go back to a release wants to know to which."""
    old = Deployment(jobs={"campaigns": SubmittedJob("j1", format=FORMAT - 1)})
    with pytest.raises(typer.Exit):
        _refuse_other_format(old, LATEST)
    assert f"written in FORMAT {FORMAT - 1}, this release reads FORMAT {FORMAT}" in capsys.readouterr().err
    _refuse_other_format(Deployment(jobs={"campaigns": SubmittedJob("j1", format=FORMAT)}), LATEST)


def test_how_far_a_job_has_written_is_known_only_after_a_savepoint(capsys: pytest.CaptureFixture[str]) -> None:
    """After a crash one of two parallel sinks may have committed more than the other."""
    wish = Wish("campaigns", write_after=ALL_WRITTEN)
    with pytest.raises(typer.Exit):
        _write_after(wish, Settings(), submitted(started_from="file:/s"))
    assert "stop campaigns --savepoint" in capsys.readouterr().err
    assert _write_after(Wish("campaigns", write_after=7), Settings(), Deployment()) == 7
