"""What readers of Redis see while things break: everybody's profile twice a second, and the ticks of every epoch."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self, cast

import redis

from connectors.patience import connect
from connectors.profile_keys import Layout
from connectors.profile_reader import NoProfilesError, ProfileReader
from local_stack.drills.scene import Scene

View = dict[str, tuple[dict[str, str], tuple[str, ...]]]
"""Fields and segments of every person."""

EVERY_S = 0.5
KEYS_A_SCAN = 1_000


class Watch:
    """Calls `look` again and again on a thread of its own while it is used in a `with`."""

    def __init__(self, scene: Scene, every_s: float) -> None:
        self.reader = ProfileReader(scene.addresses.redis, scene.namespace)
        self._every_s = every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def look(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=10)
        self.reader.close()

    def _run(self) -> None:
        while not self._over.wait(self._every_s):
            try:
                self.look()
            except (NoProfilesError, redis.RedisError):  # lost, or away: this is what the drill is about
                continue


class Snapshots(Watch):
    """Everybody's profile as it was read, with the monotonic time before the reading."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, EVERY_S)
        self.taken: list[tuple[float, View]] = []
        self._redis = connect(scene.addresses.redis)

    def look(self) -> None:
        at = time.monotonic()
        self.taken.append((at, self._view(self.reader.layout())))

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


class Epochs(Watch):
    """Whether a reader is ever shown an older world than the one it was shown before, shard by shard."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene, 0.01)
        self.older: list[str] = []
        self.seen: list[str] = []
        self._stood: list[int] = []

    def look(self) -> None:
        layout = self.reader.layout()
        stands = [-1 if tick is None else tick for tick in self.reader.ticks(layout)]
        for shard, (before, now) in enumerate(zip(self._stood, stands, strict=False)):
            if now < before:
                self.older.append(f"shard {shard} of epoch {layout.epoch} at {now} after {before}")
        self._stood = stands
        if self.seen[-1:] != [layout.epoch]:
            self.seen.append(layout.epoch)


def _person(fields: dict[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    segments = fields.pop("segments", "")
    return fields, tuple(segments.split(",")) if segments else ()


def _literal(key: str) -> str:
    return "".join(f"\\{letter}" if letter in "*?[]\\^" else letter for letter in key)
