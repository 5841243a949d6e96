"""Writes what is known of each person to Redis: one tick of one shard is one atomic call, and a replayed tick nothing.

A writer remembers the newest tick that Redis acknowledged. If Redis stands further back (a failover, a flush), the tick
is refused and the caller writes the shard whole from its state:

    found = store.write_tick(shard, tick, people, memberships, after=acknowledged)
    if lost(found, acknowledged):
        store.write_shard(shard, tick, everybody, their_memberships)
    acknowledged = tick
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import cast

import msgspec

from connectors import profile_scripts as scripts
from connectors.patience import Patience, connect
from connectors.profile_keys import Layout, pointer
from udfs.time import Millis

Fields = Mapping[str, str | int | float]
People = Mapping[str, Fields | None]
Memberships = Mapping[str, Sequence[str]]

PEOPLE_A_PIECE = 1_000
KEYS_A_SCAN = 1_000

SEGMENTS = "segments"  # the field that names them

_pack = msgspec.msgpack.Encoder().encode


class ProfileStore:
    """The writer of one epoch; it waits for a Redis that is away, however long, and raises only on its own mistakes."""

    def __init__(
        self, redis_url: str, namespace: str, shards: int, epoch: str = "1", patience: Patience | None = None
    ) -> None:
        self.layout = Layout(namespace, epoch, shards)
        self.patience = patience or Patience()
        self._redis = connect(redis_url)
        self._tick = self._redis.register_script(scripts.TICK)
        self._piece = self._redis.register_script(scripts.PIECE)
        self._finish = self._redis.register_script(scripts.FINISH)
        self._pointed = False

    def write_tick(
        self,
        shard: int,
        tick: Millis,
        people: People,
        memberships: Memberships,
        after: Millis | None = None,
    ) -> Millis | None:
        """Apply a tick if the stored one is older, else nothing; answer the tick that was found, None if none.

        `people` are the changed ones with all their fields, None for a forgotten person; `memberships` all segments of
        each. If what is stored is older than `after`, nothing is applied either: the shard has lost ticks.
        """
        told = [tick, "" if after is None else after, *_told(people, memberships)]
        found = self._run(self._tick, shard, told)
        if not self._pointed:
            self.point_if_nobody_did()
        return int(str(found)) if found else None

    def write_shard(self, shard: int, tick: Millis, people: People, memberships: Memberships) -> None:
        """Replace a shard by these people as of `tick`; until the last piece is there, the shard has no tick.

        Each piece is applied only if all before it are there, so a Redis that forgets again makes it begin again.
        """
        while not self._rewrite(shard, tick, people, memberships):
            self.patience.retries += 1
        self.point_if_nobody_did()

    def point_if_nobody_did(self) -> None:
        """Let readers read this epoch unless they read one already."""
        self.patience(lambda: self._redis.set(pointer(self.layout.namespace), self._here(), nx=True))
        self._pointed = True

    def point_here(self) -> None:
        """Let readers read this epoch from now on."""
        self.patience(lambda: self._redis.set(pointer(self.layout.namespace), self._here()))
        self._pointed = True

    def point_here_if_all_stand_at(self, at: Millis) -> bool:
        """Let readers read this epoch if no shard of it is behind `at` (ms): they would be shown an older world.

        A shard that the present epoch has must be there; with another number of shards, those that are there count.
        """
        epoch, _, shards = (self._get(pointer(self.layout.namespace)) or self._here()).rpartition("/")
        old = Layout(self.layout.namespace, epoch, int(shards))
        for shard in range(self.layout.shards):
            stands = self._get(self.layout.tick(shard))
            wanted = stands is not None or (old.shards == self.layout.shards and self._get(old.tick(shard)) is not None)
            if wanted and int(stands or -1) < at:
                return False
        self.point_here()
        return True

    def close(self) -> None:
        self._redis.close()

    def _get(self, key: str) -> str | None:
        return cast("str | None", self.patience(lambda: self._redis.get(key)))

    def _here(self) -> str:
        return f"{self.layout.epoch}/{self.layout.shards}"

    def _rewrite(self, shard: int, tick: Millis, people: People, memberships: Memberships) -> bool:
        self._clear(shard, tick)
        number = 0
        for piece in _pieces(people):
            if not self._run(self._piece, shard, [tick, number, *_told(piece, memberships)]):
                return False
            number += 1
        return bool(self._run(self._finish, shard, [tick, number]))

    def _clear(self, shard: int, tick: Millis) -> None:
        base = self.layout.base(shard)
        self.patience(lambda: self._redis.delete(self.layout.tick(shard)))
        cursor = 0
        while True:
            scan = partial(self._redis.scan, cursor, match=f"{_literal(base)}*", count=KEYS_A_SCAN)
            cursor, keys = cast("tuple[int, list[str]]", self.patience(scan))
            if keys:
                self.patience(partial(self._redis.unlink, *keys))
            if cursor == 0:
                break
        self.patience(lambda: self._redis.set(f"{base}rewrite", f"{tick}:0"))

    def _run(self, script: Callable[..., object], shard: int, args: Sequence[object]) -> object:
        base = self.layout.base(shard)
        return self.patience(lambda: script(keys=[base], args=args))


def lost(found: Millis | None, acknowledged: Millis | None) -> bool:
    """Whether a shard that was at `found` has forgotten something that was acknowledged."""
    return acknowledged is not None and (found is None or found < acknowledged)


def _told(people: People, memberships: Memberships) -> Iterator[bytes]:
    """The arguments for people, those whose profiles have the same fields together."""
    groups: dict[tuple[str, ...] | None, list[str]] = {}
    for user, fields in people.items():
        if fields is None:
            groups.setdefault(None, []).append(user)
            continue
        told = groups.setdefault((*fields, SEGMENTS), [])
        told.append(user)
        # As Python writes it: Lua has floats only, and would write 0.1 with seventeen digits.
        told += [value if isinstance(value, str) else str(value) for value in fields.values()]
        told.append(",".join(memberships.get(user, ())))
    return map(_pack, groups.items())


def _pieces(people: People) -> Iterator[People]:
    rest = iter(people.items())
    while piece := dict(islice(rest, PEOPLE_A_PIECE)):
        yield piece


def _literal(key: str) -> str:
    """A key as a pattern that matches nothing else."""
    return "".join(f"\\{letter}" if letter in "*?[]\\^" else letter for letter in key)
