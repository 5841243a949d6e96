"""The last fifty decisions of a person in Redis: in order, no more, the same after a replay, gone after an erasure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest

from connectors.recent_decisions import KEPT, RecentDecisions, Standing
from tests.unit.archived import T0, decision, send
from tests.unit.valkey import Valkey


@pytest.fixture
def recent(server: Valkey) -> Iterator[RecentDecisions]:
    with server.client() as client:
        client.flushall()
    opened = RecentDecisions(server.url, "blue")
    yield opened
    opened.close()


def test_the_newest_fifty_are_kept_in_their_order(recent: RecentDecisions) -> None:
    """Whatever order they come in."""
    told = [decision("ada", T0 + n, n) for n in range(KEPT + 20)]
    recent.remember("decisions", [*told[40:], *told[:40], decision("bea", T0)])
    assert recent.read("decisions", "ada") == told[-KEPT:]
    assert len(recent.read("decisions", "bea")) == 1
    assert recent.read("decisions", "nobody") == []


def test_a_replay_changes_nothing(recent: RecentDecisions, server: Valkey) -> None:
    """Also one that begins with records that had been pushed out."""
    told = [decision("ada", T0 + n, n) for n in range(KEPT + 20)]
    recent.remember("decisions", told)
    recent.remember("decisions", told[:30])
    assert recent.read("decisions", "ada") == told[-KEPT:]
    recent.remember("decisions", told)
    assert recent.read("decisions", "ada") == told[-KEPT:]


def test_decisions_and_sends_are_apart(recent: RecentDecisions) -> None:
    """Fifty of each."""
    recent.remember("decisions", [decision("ada", T0)])
    recent.remember("sends", [send("ada", T0 + 5)])
    assert recent.read("sends", "ada") == [send("ada", T0 + 5)]


def test_an_erasure_takes_what_was_before_it(recent: RecentDecisions) -> None:
    """And of both kinds."""
    recent.remember("decisions", [decision("ada", T0, 1), decision("ada", T0 + 10, 2), decision("bea", T0, 3)])
    recent.remember("sends", [send("ada", T0)])
    recent.forget("ada", T0 + 5)
    assert [one["decision_id"] for one in recent.read("decisions", "ada")] == [f"{2:032x}"]
    assert recent.read("sends", "ada") == []
    assert len(recent.read("decisions", "bea")) == 1


def test_all_keys_carry_the_namespace_and_end_one_day(recent: RecentDecisions, server: Valkey) -> None:
    """Deployments share a Redis, and nobody is kept for ever."""
    recent.remember("decisions", [decision("ada", T0)])
    with server.client() as client:
        keys = cast("list[str]", client.keys())
        assert [key.startswith("blue.tidemark:why:{") for key in keys] == [True]
        assert cast("int", client.ttl(keys[0])) > 0
    recent.stand(Standing(5, T0))
    assert recent.standing() == Standing(5, T0)
