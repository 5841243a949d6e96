"""What the tick operator asks of a shard, whether it runs a rule for each person or folds columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from connectors.raw_tick import RawTick
from connectors.records import Record
from connectors.settings import Settings
from udfs.operators.counters import Counters
from udfs.time import Millis


class Mapping(Protocol):
    """The part of Flink's MapState that is used; in tests a dict in a coat."""

    def items(self) -> Iterable[tuple[str, bytes]]: ...
    def put(self, key: str, value: bytes) -> None: ...
    def remove(self, key: str) -> None: ...


class TickShard(Protocol):
    """One shard, resident and written through; `until` is the last millisecond that it has decided."""

    @property
    def until(self) -> Millis: ...

    def take(self, tick: RawTick | None, until: Millis) -> list[Record]:
        """Decide everything up to and including `until`, with the records of a complete tick if there is one."""
        ...

    def next_alarm(self) -> Millis | None:
        """When it wants to be called although no tick comes (ms), None if it does not."""
        ...


class Shards(Protocol):
    """Makes the shards of one worker, each when it is first needed."""

    def open(self, number: int, stored: Mapping) -> TickShard: ...


class Work(Protocol):
    """What a job does in the operator; `shards` is called anew in every worker."""

    @property
    def settings(self) -> Settings: ...
    def shards(self, counters: Counters) -> Shards: ...
