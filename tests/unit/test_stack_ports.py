"""A busy port is not an error: the next one is taken."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from local_stack import ports


@pytest.fixture
def busy() -> Iterator[int]:
    """A port that somebody else listens on."""
    with socket.create_server((ports.HOST, 0)) as server:
        yield server.getsockname()[1]


def test_a_busy_port_gives_way_to_the_next_free_one(busy: int) -> None:
    """The demo starts beside whatever else runs here."""
    assert not ports.is_free(busy)
    chosen = ports.choose({"kafka": busy})["kafka"]
    assert chosen > busy
    assert ports.is_free(chosen)


def test_two_servers_never_get_the_same_port(busy: int) -> None:
    """Both may be pushed to the same next one."""
    chosen = ports.choose({"kafka": busy, "valkey": busy, "flink": busy})
    assert len(set(chosen.values())) == 3


def test_a_free_port_is_kept() -> None:
    """Addresses stay the same from one start to the next."""
    with socket.create_server((ports.HOST, 0)) as server:
        port = server.getsockname()[1]
    assert ports.choose({"kafka": port}) == {"kafka": port}
