"""The tutorial holds: its signal has thirty lines, and its tests pass."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.pages import blocks

PAGE = "docs/a_new_signal.md"
SIGNAL, TESTS = (block.text for block in blocks("python") if block.page == PAGE)


def world() -> dict[str, Any]:
    """What the page's two blocks define, the second after the first."""
    names: dict[str, Any] = {"__name__": "tutorial"}
    for text in (SIGNAL, TESTS):
        exec(compile(text, PAGE, "exec"), names)
    return names


@pytest.mark.parametrize("name", [name for name in world() if name.startswith("test_")])
def test_the_tests_on_the_page_pass(name: str) -> None:
    """As they are copied."""
    world()[name]()


def test_the_signal_is_as_short_as_the_page_says() -> None:
    """Lines of code; blank ones do not count."""
    assert len([line for line in SIGNAL.splitlines() if line.strip()]) <= 30


def test_the_page_has_tests() -> None:
    """So that the first test here cannot pass by finding none."""
    assert len([name for name in world() if name.startswith("test_")]) == 4
