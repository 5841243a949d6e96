"""What readers of Redis see while things break: everybody's profile twice a second, and the ticks of every epoch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import cast

import redis

from connectors.patience import connect
from connectors.profile_keys import Layout
from connectors.profile_reader import NoProfilesError, ProfileReader
from local_stack.drills.scene import Scene
from udfs.time import Millis

View = dict[str, tuple[dict[str, str], tuple[str, ...]]]
"""Fields and segments of every person."""

EVERY_S = 0.5
VERY_OFTEN_S = 0.01
KEYS_A_SCAN = 1_000


@contextmanager
def watching(look: Callable[[], None], every_s: float) -> Iterator[None]:
    """Call `look` again and again on a thread of its own; a Redis that is away or has lost its pointer is no error."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(every_s):
            with suppress(NoProfilesError, redis.RedisError):
                look()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=10)


class Snapshots:
    """Everybody's profile as it was read, with the monotonic time before the reading."""

    def __init__(self, scene: Scene) -> None:
        self.taken: list[tuple[float, View]] = []
        self._reader = ProfileReader(scene.addresses.redis, scene.namespace)
        self._redis = connect(scene.addresses.redis)

    def look(self) -> None:
        at = time.monotonic()
        self.taken.append((at, self._view(self._reader.layout())))

    def close(self) -> None:
        self._reader.close()
        self._redis.close()

    def first_equal(self, expected: View) -> float | None:
        """When Redis held just that for the first time; None if it never did."""
        return next((at for at, view in self.taken if view == expected), None)

    def difference(self, expected: View) -> str:
        """How the last snapshot differs."""
        view = self.taken[-1][1] if self.taken else {}
        wrong = [user for user in expected.keys() | view.keys() if view.get(user) != expected.get(user)]
        return f"{len(wrong)} of {len(expected)} people differ" + (f", such as {min(wrong)}" if wrong else "")

    def _view(self, layout: Layout) -> View:
        bases = [layout.person(shard, "") for shard in range(layout.shards)]
        keys = [key for base in bases for key in self._redis.scan_iter(_literal(base) + "*", KEYS_A_SCAN)]
        with self._redis.pipeline(transaction=False) as all_at_once:
            for key in keys:
                all_at_once.hgetall(key)
            found = cast("list[dict[str, str]]", all_at_once.execute())
        return {key.partition("}:u:")[2]: _person(fields) for key, fields in zip(keys, found, strict=True) if fields}


class Epochs:
    """Whether a reader is ever shown an older world than the one it was shown before, shard by shard."""

    def __init__(self, scene: Scene) -> None:
        self.older: list[str] = []
        self.seen: list[str] = []
        self._stood: list[Millis] = []
        self._reader = ProfileReader(scene.addresses.redis, scene.namespace)

    def look(self) -> None:
        layout = self._reader.layout()
        stands = [-1 if tick is None else tick for tick in self._reader.ticks(layout)]
        for shard, (before, now) in enumerate(zip(self._stood, stands, strict=False)):
            if now < before:
                self.older.append(f"shard {shard} of epoch {layout.epoch} at {now} after {before}")
        self._stood = stands
        if self.seen[-1:] != [layout.epoch]:
            self.seen.append(layout.epoch)

    def close(self) -> None:
        self._reader.close()


def _person(fields: dict[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    segments = fields.pop("segments", "")
    return fields, tuple(segments.split(",")) if segments else ()


def _literal(key: str) -> str:
    return "".join(f"\\{letter}" if letter in "*?[]\\^" else letter for letter in key)
