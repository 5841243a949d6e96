"""Shop time runs faster than ours: where it stands follows from a file in the stack's folder."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from udfs.time import Millis

FILE = "clock.json"


@dataclass(frozen=True, slots=True)
class ShopClock:
    """At `origin_wall_ms` of the wall clock it was `origin_shop_ms` in the shop, where `speed` seconds pass in one."""

    origin_shop_ms: Millis
    origin_wall_ms: Millis
    speed: float

    @classmethod
    def starting(cls, at: Millis, speed: float) -> ShopClock:
        """A clock that stands at `at` now."""
        return cls(at, wall_now(), speed)

    def now(self) -> Millis:
        return self.origin_shop_ms + int((wall_now() - self.origin_wall_ms) * self.speed)

    def seconds_until(self, at: Millis) -> float:
        """Seconds of ours until it is `at` in the shop; negative if that is past."""
        return (self.origin_wall_ms - wall_now() + (at - self.origin_shop_ms) / self.speed) / 1000

    def save(self, home: Path) -> None:
        whole = home / f"{FILE}.part"
        whole.write_bytes(msgspec.json.encode(self))
        whole.replace(home / FILE)


def load(home: Path) -> ShopClock | None:
    """The clock of a running demo, None where none plays."""
    try:
        return msgspec.json.decode((home / FILE).read_bytes(), type=ShopClock)
    except FileNotFoundError:
        return None


def stop(home: Path) -> None:
    (home / FILE).unlink(missing_ok=True)


def wall_now() -> Millis:
    return time.time_ns() // 1_000_000
