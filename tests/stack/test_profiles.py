"""Profiles of three thousand visits lie in Redis and in segment-changes as plain counting says."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.profile_reader import ProfileReader
from local_stack.addresses import Addresses
from tests.baskets.profile_labels import Known, profiles
from tests.baskets.shop import shop
from tests.stack.place import Place
from tests.unit.test_basket_profiles import known
from udfs.time import HOUR

VISITS = 3_000

pytestmark = pytest.mark.stack


def in_redis(stack: Addresses, place: Place, user: str) -> Known | None:
    reader = ProfileReader(stack.redis, place.namespace)
    try:
        profile = reader.read_profile(user)
        return None if profile is None else known(dict(profile.fields), profile.segments)
    finally:
        reader.close()


def test_profiles_in_redis_and_segment_changes_equal_the_labels(stack: Addresses, tmp_path: Path) -> None:
    """Facts, memberships and each opening of a cart, by the job that a person submits."""
    what = shop(VISITS)
    expected = profiles(what.calls, what.last + 48 * HOUR)
    place = Place.on(stack, "profiles", parallelism="2")
    place.ingest(what.write(tmp_path / "visits.jsonl"))

    job = place.run_to_end("profiles", what.live_from, run_on="48h")

    assert {user: in_redis(stack, place, user) for user in expected.people} == expected.people
    changes = [told for told in place.records("segment-changes") if told["segment"] == "cart_open"]
    openings = [(told["user_id"], told["change"], told["at"]) for told in changes]
    assert len(openings) == len(set(openings))
    assert set(openings) == expected.openings
    assert place.failures(job) == []
    assert place.records("dead-letters") == []
