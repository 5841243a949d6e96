"""Calls to Redis that wait out a server which is away, stalled or loading, and tell so once in a while."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import redis

T = TypeVar("T")

SOCKET_TIMEOUT_S = 0.5
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 2.0
WARN_EVERY_S = 10.0

# What a server answers while it fails over, loads, or has no room; all of it passes without a change of ours.
_PASSING = ("BUSY", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "MISCONF", "NOREPLICAS", "OOM", "READONLY", "TRYAGAIN")

log = logging.getLogger(__name__)


def connect(redis_url: str) -> redis.Redis:
    """A client that gives up on a silent server after half a second; redis-py alone would wait for ever."""
    return redis.Redis.from_url(
        redis_url,
        decode_responses=True,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        health_check_interval=30,
    )


def passes(error: redis.RedisError) -> bool:
    """Whether the same call may succeed later."""
    return isinstance(error, redis.ConnectionError | redis.TimeoutError) or str(error).startswith(_PASSING)


class Patience:
    """Repeats a call until the server answers; an answer that says the call itself is wrong is raised."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        give_up: Callable[[], bool] = lambda: False,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._give_up = give_up
        self._warned_at: float | None = None
        self.retries = 0

    def __call__(self, call: Callable[[], T]) -> T:
        """The answer of `call`, however long it takes; `call` must be harmless to repeat."""
        pause = FIRST_PAUSE_S
        while True:
            try:
                answer = call()
            except redis.RedisError as error:
                if not passes(error) or self._give_up():
                    raise
                self._warn(error)
            else:
                self._all_clear()
                return answer
            self.retries += 1
            self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _warn(self, error: redis.RedisError) -> None:
        now = self._clock()
        if self._warned_at is None or now - self._warned_at >= WARN_EVERY_S:
            self._warned_at = now
            log.warning("redis_away retries=%d error=%r; waiting for it, nothing is lost", self.retries, str(error))

    def _all_clear(self) -> None:
        if self._warned_at is not None:
            self._warned_at = None
            log.warning("redis_back retries=%d", self.retries)
