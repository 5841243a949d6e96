"""What Redis holds after ticks, replays, stalls and losses, on a real server."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from connectors.patience import Patience
from connectors.profile_reader import NoProfilesError, ProfileReader
from connectors.profile_store import ProfileStore, lost
from connectors.shards import java_hash, shard_of
from tests.unit.valkey import Valkey

SHARDS = 4
ADA = "ada"
HERS = shard_of(ADA, SHARDS)
OTHER = (HERS + 1) % SHARDS


@pytest.fixture
def store(server: Valkey) -> Iterator[ProfileStore]:
    with server.client() as client:
        client.flushall()
    store = ProfileStore(server.url, "test", SHARDS)
    yield store
    store.close()


@pytest.fixture
def reader(server: Valkey) -> Iterator[ProfileReader]:
    reader = ProfileReader(server.url, "test")
    yield reader
    reader.close()


def everything(server: Valkey) -> dict[str, Any]:
    with server.client() as client:
        kinds = {"hash": client.hgetall, "set": client.smembers, "string": client.get}
        return {str(key): kinds[str(client.type(key))](key) for key in client.scan_iter()}


def test_a_profile_is_read_as_it_was_written(store: ProfileStore, reader: ProfileReader) -> None:
    """Fields are readable text, and the answer says for which instant it is true."""
    store.write_tick(
        HERS, 1_000, {ADA: {"orders": 3, "engagement_1h": 1.5, "email": "ada@example.org"}}, {ADA: ("hot", "vip")}
    )
    profile = reader.read_profile(ADA)
    assert profile is not None
    assert profile.fields == {"orders": "3", "engagement_1h": "1.5", "email": "ada@example.org"}
    assert (profile.as_of, profile.segments) == (1_000, ("hot", "vip"))
    assert reader.read_profile("nobody") is None


def test_a_replayed_tick_changes_nothing(server: Valkey, store: ProfileStore) -> None:
    """Recovery is replay: the same tick again, or an older one, finds that it has been."""
    assert store.write_tick(HERS, 1_000, {ADA: {"orders": 1}}, {ADA: ("hot",)}) is None
    assert store.write_tick(HERS, 2_000, {ADA: {"orders": 2}}, {ADA: ()}) == 1_000
    before = everything(server)
    assert store.write_tick(HERS, 1_000, {ADA: {"orders": 1}}, {ADA: ("hot",)}) == 2_000
    assert store.write_tick(HERS, 2_000, {ADA: {"orders": 9}}, {ADA: ("hot",)}) == 2_000
    assert everything(server) == before


def test_a_field_that_is_gone_vanishes(store: ProfileStore, reader: ProfileReader) -> None:
    """What a person no longer has must not be read for ever."""
    store.write_tick(HERS, 1_000, {ADA: {"orders": 1, "cart": "c1"}}, {})
    store.write_tick(HERS, 2_000, {ADA: {"orders": 1}}, {})
    profile = reader.read_profile(ADA)
    assert profile is not None
    assert profile.fields == {"orders": "1"}


def test_segment_sets_follow_each_person(store: ProfileStore, reader: ProfileReader) -> None:
    """Enter, leave and stay all come out of the list a person has now."""
    store.write_tick(HERS, 1_000, {ADA: {"orders": 1}}, {ADA: ("hot", "new")})
    store.write_tick(HERS, 2_000, {ADA: {"orders": 1}}, {ADA: ("new", "vip")})
    assert [reader.read_segment(name).users for name in ("hot", "new", "vip")] == [(), (ADA,), (ADA,)]
    assert reader.count("vip").size == 1


def test_a_forgotten_person_leaves_nothing_behind(server: Valkey, store: ProfileStore) -> None:
    """An erasure reaches the hash and every set."""
    store.write_tick(HERS, 1_000, {ADA: {"email": "ada@example.org"}}, {ADA: ("hot", "vip")})
    store.write_tick(HERS, 2_000, {ADA: None}, {})
    assert everything(server) == {"test.tidemark:epoch": "1/4", f"test.tidemark:1:{{{HERS}}}:tick": "2000"}


def test_five_thousand_people_go_in_one_call(store: ProfileStore, reader: ProfileReader) -> None:
    """A long tick of a replay is larger than what Lua unpacks at once."""
    people = {f"u{n}": {f"field_{f}": f"{n}-{f}" for f in range(20)} for n in range(5_000)}
    store.write_tick(0, 1_000, people, {user: ("all", f"tenth_{int(user[1:]) % 10}") for user in people})
    assert reader.count("all").size == 5_000
    assert reader.count("tenth_3").size == 500


def test_a_person_may_have_very_many_fields(server: Valkey, store: ProfileStore) -> None:
    """The pairs of one person are handed to Redis in portions."""
    store.write_tick(HERS, 1_000, {ADA: {f"f{n}": n for n in range(9_000)}}, {})
    with server.client() as client:
        assert client.hlen(store.layout.person(HERS, ADA)) == 9_001


def test_a_reader_never_sees_half_a_tick(server: Valkey, store: ProfileStore) -> None:
    """Profile, sets and tick change in one step, also for somebody who looks all the time."""
    seen: set[tuple[str | None, str | None, bool]] = set()
    done = threading.Event()

    def look() -> None:
        with server.client() as client:
            while not done.is_set():
                with client.pipeline(transaction=True) as pipe:
                    pipe.hget(store.layout.person(HERS, ADA), "n")
                    pipe.get(store.layout.tick(HERS))
                    pipe.sismember(store.layout.segment(HERS, "even"), ADA)
                    n, tick, even = pipe.execute()
                seen.add((n, tick, bool(even)))

    watcher = threading.Thread(target=look)
    watcher.start()
    for n in range(1, 300):
        store.write_tick(HERS, n, {ADA: {"n": n}}, {ADA: ("even",) if n % 2 == 0 else ()})
    done.set()
    watcher.join()
    assert all(n == tick and even == (n is not None and int(n) % 2 == 0) for n, tick, even in seen)
    assert len(seen) > 5


def test_lost_ticks_are_noticed_and_nothing_is_laid_on_top(server: Valkey, store: ProfileStore) -> None:
    """A shard that forgot tick 2 must not show tick 3 as if it were whole."""
    store.write_tick(HERS, 1_000, {ADA: {"orders": 1}}, {})
    with server.client() as client:
        client.flushall()
    found = store.write_tick(HERS, 2_000, {"bob": {"orders": 1}}, {}, after=1_000)
    assert found is None
    assert lost(found, 1_000)
    assert not lost(1_000, 1_000)
    assert not lost(2_000, 1_000)
    assert not lost(None, None)


def test_a_shard_is_written_whole_from_state(server: Valkey, store: ProfileStore, reader: ProfileReader) -> None:
    """Whoever is no longer known disappears, other shards stay, and the tick comes back last."""
    other = (HERS + 1) % SHARDS
    store.write_tick(HERS, 1_000, {ADA: {"orders": 1}, "gone": {"orders": 2}}, {"gone": ("vip",)})
    store.write_tick(other, 1_000, {"eve": {"orders": 1}}, {"eve": ("vip",)})
    people = {ADA: {"orders": 2}} | {f"u{n}": {"orders": n} for n in range(2_500)}
    store.write_shard(HERS, 3_000, people, {ADA: ("new",)})
    assert reader.read_segment("vip").users == ("eve",)
    assert reader.read_segment("new").users == (ADA,)
    stored = everything(server)
    assert sum(key.startswith(store.layout.base(HERS) + "u:") for key in stored) == 2_501
    assert stored[store.layout.tick(HERS)] == "3000"
    assert store.layout.base(HERS) + "rewrite" not in stored


def test_a_rewrite_that_is_forgotten_midway_begins_again(server: Valkey, store: ProfileStore) -> None:
    """The tick promises every piece, so none may be missing under it."""
    calls = iter(range(100))
    run = store.patience.__call__

    def flush_after_some(call: Any) -> Any:
        if next(calls) == 6:
            with server.client() as client:
                client.flushall()
        return run(call)

    store.patience = flush_after_some  # type: ignore[assignment]
    flush_after_some.retries = 0  # type: ignore[attr-defined]
    people = {f"u{n}": {"orders": n} for n in range(3_500)}
    store.write_shard(0, 5_000, people, {})
    assert sum(":u:" in key for key in everything(server)) == 3_500


def test_a_stalled_server_is_waited_for(server: Valkey, store: ProfileStore, caplog: pytest.LogCaptureFixture) -> None:
    """SIGSTOP for two seconds costs two seconds, not the tick; and it is told once, not every time."""
    store.write_tick(HERS, 1_000, {ADA: {"orders": 1}}, {})
    server.stall()
    threading.Timer(2.0, server.wake).start()
    begun = time.monotonic()
    with caplog.at_level(logging.WARNING, "connectors.patience"):
        assert store.write_tick(HERS, 2_000, {ADA: {"orders": 2}}, {}) in {1_000, 2_000}
    assert 1.5 < time.monotonic() - begun < 6
    assert store.patience.retries >= 2
    assert [record.message.split()[0] for record in caplog.records] == ["redis_away", "redis_back"]


def test_a_server_that_was_away_is_found_again() -> None:
    """Refused connections are tried again until somebody listens; then the empty shard is noticed."""
    valkey = Valkey()
    valkey.start()
    store = ProfileStore(valkey.url, "", SHARDS)
    store.write_tick(HERS, 1_000, {ADA: {"orders": 1}}, {})
    valkey.stop()
    threading.Timer(0.5, valkey.start).start()
    try:
        assert store.write_tick(HERS, 2_000, {ADA: {"orders": 2}}, {}, after=1_000) is None
        assert store.patience.retries > 0
    finally:
        store.close()
        valkey.stop()


def test_a_mistake_of_ours_is_raised_at_once(server: Valkey, store: ProfileStore) -> None:
    """Waiting heals a server, not a key of the wrong kind."""
    with server.client() as client:
        client.set(store.layout.person(HERS, ADA), "not a hash")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        store.write_tick(HERS, 1_000, {ADA: {"orders": 1}}, {})


def test_patience_warns_once_an_interval() -> None:
    """A night without Redis must not fill the disk with its log."""
    now = iter(range(1_000))
    failures = iter([redis.ConnectionError("refused")] * 25)

    def call() -> str:
        for failure in failures:
            raise failure
        return "there"

    slept: list[float] = []
    patience = Patience(clock=lambda: float(next(now)), sleep=slept.append)
    assert patience(call) == "there"
    assert (patience.retries, max(slept)) == (25, 2.0)


def test_readers_follow_the_pointer_to_a_new_epoch(server: Valkey, store: ProfileStore, reader: ProfileReader) -> None:
    """A rebuild is written beside the old profiles and shown when every shard of it has caught up."""
    store.write_tick(HERS, 1_000, {ADA: {"orders": 1}}, {})
    store.write_tick(OTHER, 800, {}, {})
    rebuilt = ProfileStore(server.url, "test", SHARDS, epoch="2")
    rebuilt.write_tick(HERS, 1_000, {ADA: {"orders": 7}}, {})
    assert not rebuilt.point_here_if_all_stand_at(1_000), "the other shard has not been written at all"
    rebuilt.write_tick(OTHER, 999, {}, {})
    assert not rebuilt.point_here_if_all_stand_at(1_000)
    assert reader.layout().epoch == "1"
    rebuilt.write_tick(OTHER, 1_000, {}, {})
    assert rebuilt.point_here_if_all_stand_at(1_000)
    assert reader.layout().epoch == "2"
    rebuilt.close()


def test_a_new_epoch_of_more_shards_waits_for_those_that_are_there(server: Valkey, store: ProfileStore) -> None:
    """An empty shard cannot be waited for, and one that is behind must be."""
    store.write_tick(HERS, 1_000, {ADA: {"orders": 1}}, {})
    rebuilt = ProfileStore(server.url, "test", 2 * SHARDS, epoch="2")
    rebuilt.write_tick(5, 1_000, {ADA: {"orders": 7}}, {})
    rebuilt.write_tick(6, 900, {}, {})
    assert not rebuilt.point_here_if_all_stand_at(1_000)
    rebuilt.write_tick(6, 1_000, {}, {})
    assert rebuilt.point_here_if_all_stand_at(1_000)
    rebuilt.close()


def test_nobody_having_written_is_said_so(store: ProfileStore, reader: ProfileReader) -> None:
    """An empty Redis is not an unknown person."""
    assert reader.tide() is None
    with pytest.raises(NoProfilesError, match="submit the profiles job"):
        reader.read_profile(ADA)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 97),
        ("u_0412", -856_140_625),
        ("polygenelubricants", -(2**31)),
        ("zoë", 120_918),
        ("😀", 1_772_899),
    ],
)
def test_the_hash_is_javas(text: str, expected: int) -> None:
    """The shard is computed in SQL for writing and in Python for reading."""
    assert java_hash(text) == expected
    assert 0 <= shard_of(text, 16) < 16
