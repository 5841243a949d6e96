"""Set-up says beforehand what it does, does it once, and says plainly where it cannot."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from local_stack import bootstrap
from local_stack.addresses import ROOT
from local_stack.errors import NoRoom, SetupError


def test_a_second_set_up_does_nothing_and_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """`make demo` and `make test` go through it every time."""
    assert bootstrap.setup() == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("system", "machine", "python"),
    [("Darwin", "arm64", (3, 12)), ("Linux", "aarch64", (3, 11)), ("Linux", "x86_64", (3, 13))],
)
def test_an_untested_platform_hears_what_works_there(
    system: str, machine: str, python: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence, and it names the memory driver."""
    monkeypatch.setattr("local_stack.bootstrap.platform.system", lambda: system)
    monkeypatch.setattr("local_stack.bootstrap.platform.machine", lambda: machine)
    monkeypatch.setattr("local_stack.bootstrap.sys.version_info", (*python, 0))
    monkeypatch.delenv("TIDEMARK_UNTESTED", raising=False)
    with pytest.raises(SetupError, match=rf"this is {system} {machine} .*memory driver"):
        bootstrap.refuse_the_untested()


def test_a_full_disk_is_noticed_before_the_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A download that dies half-way leaves a riddle."""
    monkeypatch.setattr("local_stack.bootstrap.shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(NoRoom, match="0 MB left"):
        bootstrap.need_room(tmp_path)


def test_it_says_platform_python_size_and_time_before_it_downloads(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody likes to be surprised by half a gigabyte."""
    bootstrap.announce()
    told = capsys.readouterr().out
    assert all(word in told for word in ("Linux", "Python 3.1", " MB", "minute"))


def test_make_alone_lists_the_verbs() -> None:
    """The first thing a newcomer types."""
    told = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert [line.split()[1] for line in told.splitlines()] == ["setup", "demo", "test", "lint", "bench"]
