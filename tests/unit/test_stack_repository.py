"""What must never stand in a file of this repository."""

from __future__ import annotations

import subprocess

import pytest

from local_stack.addresses import ROOT

# In halves, so that this file does not hold them.
REGISTRIES = [
    ("pypi", ".org"),
    ("files.python", "hosted.org"),
    ("repo.maven", ".apache.org"),
    ("repo1.", "maven.org"),
    ("registry.", "npmjs.org"),
    ("proxy.", "golang.org"),
]
FOREIGN = [("/wo", "rk/"), ("/ro", "ot/"), ("/tmp", "/x/")]


@pytest.fixture(scope="module")
def tracked() -> dict[str, str]:
    """The text of every file that git knows."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [ROOT / name for name in listed.split("\0") if name]
    return {str(path.relative_to(ROOT)): path.read_bytes().decode(errors="replace") for path in paths if path.is_file()}


@pytest.mark.parametrize("halves", REGISTRIES, ids=lambda halves: halves[0])
def test_no_file_names_a_package_registry(tracked: dict[str, str], halves: tuple[str, str]) -> None:
    """Package clients have their defaults, and a company's mirror must be able to take their place."""
    assert [name for name, text in tracked.items() if "".join(halves) in text] == []


@pytest.mark.parametrize("halves", FOREIGN, ids=lambda halves: halves[0])
def test_no_file_names_a_folder_of_the_machine_it_was_written_on(
    tracked: dict[str, str], halves: tuple[str, str]
) -> None:
    """It would be missing on every other."""
    assert [name for name, text in tracked.items() if "".join(halves) in text] == []


def test_no_package_file_has_code_in_its_init(tracked: dict[str, str]) -> None:
    """An import of a neighbour must not run anything."""
    assert [name for name, text in tracked.items() if name.endswith("__init__.py") and text.strip()] == []
