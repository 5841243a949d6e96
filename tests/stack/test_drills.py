"""The drills in their short form: each thing is broken once."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_stack.addresses import Addresses
from local_stack.drills.catalogue import DRILLS, run

SEED = 12

pytestmark = pytest.mark.stack


@pytest.mark.parametrize("name", [name for name in DRILLS if name != "tide"])  # test_tide.py holds that one
def test_the_drill_holds(name: str, stack: Addresses, tmp_path: Path) -> None:
    """What `tidemark drill NAME` does three times over on a stack of its own."""
    report = run(name, stack, print, seed=SEED, moments=1)
    assert report.held, report.failures()
