"""The changed class of Beam is the original one but for a call; tests/stack/test_local_stack.py sees it listen."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from local_stack import flink, loopback
from local_stack.errors import PartFailed

PYTHON = next((flink.package() / "opt").glob("flink-python-*.jar"))


def test_the_class_is_found_before_the_original_and_makes_its_servers_by_address(tmp_path: Path) -> None:
    """Flink sorts its lib folder, and a class is taken from the first jar that has it."""
    loopback.write_jar(PYTHON, tmp_path)
    with zipfile.ZipFile(PYTHON) as before, zipfile.ZipFile(tmp_path / loopback.JAR) as after:
        known, changed = before.read(loopback.CLASS), after.read(loopback.CLASS)
    assert PYTHON.name > loopback.JAR
    assert b"forAddress" not in known
    assert b"forAddress" in changed
    assert len(changed) - len(known) == len(b"forAddress") + len("(Ljava/net/SocketAddress;)" + loopback._RETURNS) + 16


def test_a_class_that_is_not_known_is_refused(tmp_path: Path) -> None:
    """Another release of PyFlink must be looked at, not patched blindly."""
    with zipfile.ZipFile(tmp_path / "flink-python-9.jar", "w") as jar:
        jar.writestr(loopback.CLASS, b"another")
    with pytest.raises(PartFailed, match=r"flink-python-9\.jar holds another"):
        loopback.write_jar(tmp_path / "flink-python-9.jar", tmp_path)
