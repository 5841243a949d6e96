"""State comes back as it was, and state of another make is refused with a sentence."""

from __future__ import annotations

import msgspec
import pytest

from connectors.state_format import FORMAT
from tests.unit.test_shard import Count, Quiet, event
from udfs.operators.stored_shard import Meta, StateMismatch, StoredShard
from udfs.seen_hours import BYTES_AN_ID
from udfs.time import HOUR, Millis

MADE_WITH = Meta(FORMAT, 1_000, 16, 5_000)


class Entries(dict[str, bytes]):
    """Flink's MapState as a dictionary, with its names for writing."""

    def put(self, key: str, value: bytes) -> None:
        self[key] = value

    def remove(self, key: str) -> None:
        self.pop(key, None)


def stored(entries: Entries, made_with: Meta = MADE_WITH, state_type: type = Count) -> StoredShard:
    return StoredShard(Quiet(), state_type, entries, made_with)


def tick(shard: StoredShard, until: Millis, *events: object) -> list[str]:
    out = shard.shard.tick(events, until)  # type: ignore[arg-type]
    shard.save(until)
    return out


def test_a_restored_shard_goes_on_as_if_nothing_had_happened() -> None:
    """People, wake-ups, message ids and the place in time all come back."""
    entries = Entries()
    tick(stored(entries), 999, event("u", 995, "m"))
    again = stored(entries)
    assert again.restored_at == 999
    assert tick(again, 1_999, event("u", 1_500, "m")) == ["quiet after 1 @1005"]


def test_what_is_forgotten_is_removed_from_state() -> None:
    """A person who is gone leaves no entry, only the ids of the last day."""
    entries = Entries()
    shard = stored(entries)
    tick(shard, 999, event("u", 5))
    tick(shard, 1_999)
    assert [key for key in entries if key.startswith("u:")] == []


def test_a_past_hour_is_kept_as_one_entry() -> None:
    """A day of one-second ticks would otherwise be 86,400 entries a shard."""
    entries = Entries()
    shard = stored(entries)
    for second in range(20):
        tick(shard, second * 1_000 + 999, event("u", second * 1_000, f"m{second}"))
    tick(shard, HOUR + 999, event("u", HOUR, "later"))
    assert [key for key in entries if key.startswith("d:0:")] == ["d:0:0"]
    assert len(entries["d:0:0"]) == 20 * BYTES_AN_ID


def test_hours_behind_the_horizon_leave_state() -> None:
    """Nothing grows beyond its horizon."""
    entries = Entries()
    shard = stored(entries)
    for hour in range(60):
        tick(shard, hour * HOUR + 999, event("u", hour * HOUR))
    assert len([key for key in entries if key.startswith("d:")]) <= 26


@pytest.mark.parametrize("name", ["tick", "shards", "bound", "format", "reads"])
def test_state_of_another_make_is_refused_by_name(name: str) -> None:
    """Old state under a new tick, bound, shard count or format would give wrong rows in silence."""
    entries = Entries()
    tick(stored(entries), 999, event("u", 5))
    changed = msgspec.structs.replace(MADE_WITH, **{name: "vip" if name == "reads" else 77})
    with pytest.raises(StateMismatch, match=f"{name} .* (77|'vip')"):
        stored(entries, changed)


def test_a_person_that_cannot_be_read_is_refused_not_forgotten() -> None:
    """A release that cannot read old state never starts empty."""
    entries = Entries()
    tick(stored(entries), 999, event("u", 5))
    entries["u:u"] = b"\x93junk"
    with pytest.raises(StateMismatch, match="does not fit this release"):
        stored(entries)
