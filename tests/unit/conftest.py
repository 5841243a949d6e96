"""What unit tests of several files share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.valkey import Valkey


@pytest.fixture(scope="module")
def server() -> Iterator[Valkey]:
    """A Valkey for the tests of one file; whoever needs it empty flushes it."""
    valkey = Valkey()
    valkey.start()
    yield valkey
    valkey.stop()
