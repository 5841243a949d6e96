"""Shows a shard's people in Redis, one tick in one atomic call, and writes the shard whole when Redis has lost some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from connectors.profile_store import ProfileStore, lost
from udfs.operators.stored_shard import StoredShard
from udfs.time import Millis


class Readable(Protocol):
    """A rule whose people can be shown."""

    def view(self, state: Any) -> Mapping[str, str | int | float]: ...
    def segments(self, state: Any) -> tuple[str, ...]: ...


class RedisView:
    """Writes to one epoch; once every shard of it stands at `caught_up_at` (ms), readers are pointed to it."""

    def __init__(self, rule: Readable, store: ProfileStore, caught_up_at: Millis | None) -> None:
        self._rule = rule
        self._store = store
        self._caught_up_at = caught_up_at
        self._acknowledged: dict[int, Millis] = {}

    def show(self, number: int, stored: StoredShard, changed: set[str], until: Millis) -> None:
        """Bring Redis to `until`; a tick that it has already is left alone."""
        people, memberships = self._told(stored, changed)
        before = self._acknowledged.get(number, stored.restored_at)
        found = self._store.write_tick(number, until, people, memberships, after=before)
        if lost(found, before):
            self._store.write_shard(number, until, *self._told(stored, stored.shard.people))
        self._acknowledged[number] = until
        due = self._caught_up_at
        if due is not None and until >= due and self._store.point_here_if_all_stand_at(due):
            self._caught_up_at = None

    def _told(
        self, stored: StoredShard, users: Iterable[str]
    ) -> tuple[dict[str, Mapping[str, str | int | float] | None], dict[str, tuple[str, ...]]]:
        states = {user: stored.shard.people.get(user) for user in sorted(users)}
        people = {user: None if state is None else self._rule.view(state) for user, state in states.items()}
        memberships = {user: self._rule.segments(state) for user, state in states.items() if state is not None}
        return people, memberships
