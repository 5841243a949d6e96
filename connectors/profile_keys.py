"""How the profiles are laid out in Redis: one hash a person, one set a segment, one tick a shard, one pointer."""

from __future__ import annotations

from dataclasses import dataclass


def prefix(namespace: str) -> str:
    """What all keys of a deployment begin with; `namespace` is the one its topics carry."""
    return f"{namespace}.tidemark" if namespace else "tidemark"


def pointer(namespace: str) -> str:
    """The key that says which epoch readers read: its value is `<epoch>/<number of shards>`."""
    return f"{prefix(namespace)}:epoch"


@dataclass(frozen=True, slots=True)
class Layout:
    """The keys of one epoch; the braces keep a shard in one slot of a Redis Cluster."""

    namespace: str
    epoch: str
    shards: int

    def base(self, shard: int) -> str:
        """What all keys of a shard begin with."""
        return f"{prefix(self.namespace)}:{self.epoch}:{{{shard}}}:"

    def person(self, shard: int, user: str) -> str:
        return f"{self.base(shard)}u:{user}"

    def segment(self, shard: int, name: str) -> str:
        return f"{self.base(shard)}seg:{name}"

    def tick(self, shard: int) -> str:
        return f"{self.base(shard)}tick"
