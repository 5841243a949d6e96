"""Everything a process of ours must be told, read from the environment once and frozen."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from udfs.time import SECOND, Millis, parse_length

PREFIX = "TIDEMARK_"
_READERS: Mapping[str, Callable[[str], int]] = {
    "int": int,
    "Millis": parse_length,
    "bool": lambda text: {"0": False, "1": True}[text],
}


# Settings that go together, by the name that TIDEMARK_PROFILE says; what each was measured at: docs/performance.md.
PROFILES: Mapping[str, Mapping[str, int]] = {
    "default": {},
    "latency": {"bound": 500, "tick": 200, "shards": 4, "checkpoint_interval": SECOND},
    "throughput": {"tick": 60 * SECOND, "shards": 4},
}


class SettingError(ValueError):
    """A setting that cannot be understood; the message names the variable."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Each field is the variable TIDEMARK_<NAME>; lengths of time are written 5s, 200ms, 1min."""

    kafka: str = "127.0.0.1:9092"
    redis: str = "redis://127.0.0.1:6379/0"
    namespace: str = ""
    bound: Millis = 5 * SECOND
    tick: Millis = SECOND
    shards: int = 16
    parallelism: int = 1
    checkpoint_interval: Millis = 10 * SECOND
    epoch: str = "1"
    read_back: bool = False

    def __post_init__(self) -> None:
        if self.tick <= 0 or 60 * SECOND % self.tick:
            raise SettingError(f"{PREFIX}TICK is {self.tick} ms: a minute must be a whole number of ticks, as in 1s")
        if not 1 <= self.shards <= 128:
            raise SettingError(f"{PREFIX}SHARDS is {self.shards}: choose 1 to 128")
        if self.bound < 1:
            raise SettingError(f"{PREFIX}BOUND is {self.bound} ms: at least 1ms, or every event is late")

    def environment(self) -> dict[str, str]:
        """The same settings as variables, for a process that we start."""
        pairs = ((field, getattr(self, field.name)) for field in fields(self))
        return {f"{PREFIX}{field.name.upper()}": _write(value, field.type) for field, value in pairs}


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; what is not set is as TIDEMARK_PROFILE has it. Raises SettingError."""
    profile = environment.get("TIDEMARK_PROFILE", "default")
    if profile not in PROFILES:
        raise SettingError(f"TIDEMARK_PROFILE is {profile!r}: choose {', '.join(PROFILES)}")
    given: dict[str, Any] = dict(PROFILES[profile])
    for field in fields(Settings):
        if (text := environment.get(name := f"{PREFIX}{field.name.upper()}")) is not None:
            given[field.name] = _read(name, text, str(field.type))
    return Settings(**given)


def _read(name: str, text: str, kind: str) -> str | int:
    read: Callable[[str], str | int] = _READERS.get(kind, str)
    try:
        return read(text)
    except KeyError:
        raise SettingError(f"{name} is {text!r}: write 1 or 0") from None
    except ValueError as wrong:
        raise SettingError(f"{name}: {wrong}") from None


def _write(value: object, kind: object) -> str:
    if kind == "bool":
        return "1" if value else "0"
    return f"{value}ms" if kind == "Millis" else str(value)
