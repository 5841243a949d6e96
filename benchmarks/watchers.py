"""What readers see of running jobs, and when: ticks in Redis, committed triggers in Kafka."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import redis

from benchmarks.paced_load import now
from connectors import broker
from connectors.profile_keys import Layout
from connectors.topics import full_name
from connectors.wire import decode
from udfs.time import Millis

POLL_S = 0.01


class Watcher:
    """Runs `look` again and again in a thread of its own until it is closed."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._look()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()


class TicksInRedis:
    """The moment (ms) at which each shard was first seen at each tick."""

    def __init__(self, url: str, namespace: str, shards: int) -> None:
        self._redis = redis.Redis.from_url(url, decode_responses=True)
        layout = Layout(namespace, "1", shards)
        self._keys = [layout.tick(shard) for shard in range(shards)]
        self._stood: list[str | None] = [None] * shards
        self.seen: list[tuple[Millis, Millis]] = []

    def look(self) -> None:
        found: Any = self._redis.mget(self._keys)
        at = now()
        for shard, until in enumerate(found):
            if until is not None and until != self._stood[shard]:
                self._stood[shard] = until
                self.seen.append((at, int(until)))
        time.sleep(POLL_S)


class CommittedTriggers:
    """The moment (ms) at which a reader of committed records got each trigger, and the deadline it is of."""

    def __init__(self, kafka: str, namespace: str) -> None:
        self._reader = broker.consumer(kafka, fetch_max_wait_ms=10)
        self._reader.assign(broker.partitions_of(self._reader, [full_name("triggers", namespace)]))
        self._reader.seek_to_beginning()
        self.seen: list[tuple[Millis, Millis]] = []

    def look(self) -> None:
        polled = self._reader.poll(timeout_ms=50)
        at = now()
        for records in polled.values():
            for record in records:
                read = decode(record.value, "triggers")
                assert isinstance(read, tuple), read
                self.seen.append((at, read[1]["at"]))


def percentiles(name: str, delays: list[Millis]) -> dict[str, float]:
    """p50, p99 and the highest (ms)."""
    if not delays:
        return {}
    p50, p99 = np.percentile(np.array(delays), [50, 99])
    return {f"{name}_p50_ms": float(p50), f"{name}_p99_ms": float(p99), f"{name}_max_ms": float(max(delays))}
