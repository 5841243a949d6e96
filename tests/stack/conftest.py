"""One real stack for all the tests that need it, with ports and data of its own."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator

import pytest

from connectors.flink_rest import Cluster
from local_stack import stack as local_stack
from local_stack.addresses import Addresses


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """The addresses of a fresh stack; its logs outlive it, its data do not."""
    home = tmp_path_factory.mktemp("stack")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends the tests ends the stack, too
    try:
        yield local_stack.up(home)
    finally:
        local_stack.down(home)
        for data in ("kafka", "valkey", "flink"):
            shutil.rmtree(home / data, ignore_errors=True)


@pytest.fixture(autouse=True)
def slots_are_left_free(request: pytest.FixtureRequest) -> Iterator[None]:
    """A job that a test leaves running, or that a failed one could not stop, would keep its slots from the next."""
    if "stack" not in request.fixturenames:
        yield
        return
    cluster = Cluster(request.getfixturevalue("stack").flink_rest)
    yield
    cluster.cancel_all()
