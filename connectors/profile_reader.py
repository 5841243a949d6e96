"""Reads what Redis knows of people, as whole ticks, each answer with the instant that it is true for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

from redis.client import Pipeline

from connectors.patience import connect
from connectors.profile_keys import Layout, pointer
from connectors.shards import shard_of
from udfs.time import Millis


class NoProfilesError(LookupError):
    """Nobody has written profiles under this namespace yet."""


class Profile(NamedTuple):
    """A person's fields as they stood at `as_of` (ms); None while the shard is being written anew."""

    user: str
    as_of: Millis | None
    fields: dict[str, str]
    segments: tuple[str, ...]


class Members(NamedTuple):
    """Who is in a segment, by id (nobody if only counted); `as_of` holds for every shard, None before the first."""

    segment: str
    as_of: Millis | None
    size: int
    users: tuple[str, ...] = ()


class ProfileReader:
    """Follows the pointer to the epoch that is to be read. Raises redis.RedisError at once if the server is away."""

    def __init__(self, redis_url: str, namespace: str) -> None:
        self._namespace = namespace
        self._redis = connect(redis_url)

    def layout(self) -> Layout:
        """Where the current epoch lies. Raises NoProfilesError."""
        here = cast(str | None, self._redis.get(pointer(self._namespace)))
        if here is None:
            raise NoProfilesError(f"no profiles under {pointer(self._namespace)!r}: submit the profiles job first")
        epoch, _, shards = here.rpartition("/")
        return Layout(self._namespace, epoch, int(shards))

    def read_profile(self, user: str) -> Profile | None:
        """What is known of a person, None if nothing is."""
        layout = self.layout()
        shard = shard_of(user, layout.shards)
        with self._redis.pipeline(transaction=True) as both:
            both.get(layout.tick(shard))
            both.hgetall(layout.person(shard, user))
            tick, fields = both.execute()
        if not fields:
            return None
        segments = fields.pop("segments", "")
        return Profile(user, _millis(tick), fields, tuple(segments.split(",")) if segments else ())

    def read_segment(self, name: str) -> Members:
        """The members of a segment; an unknown segment has none."""
        found = self._of_every_shard(name, Pipeline.smembers)
        users = tuple(sorted(user for _, members in found for user in members))
        return Members(name, _oldest(found), len(users), users)

    def count(self, name: str) -> Members:
        """How many are in a segment, without naming them."""
        found = self._of_every_shard(name, Pipeline.scard)
        return Members(name, _oldest(found), sum(size for _, size in found))

    def tide(self) -> Millis | None:
        """The newest instant that a shard was written for (ms), None if none was."""
        try:
            layout = self.layout()
        except NoProfilesError:
            return None
        return max((tick for tick in self.ticks(layout) if tick is not None), default=None)

    def ticks(self, layout: Layout) -> list[Millis | None]:
        """The instant that each shard was written for (ms), None for one that was not."""
        with self._redis.pipeline(transaction=False) as all_at_once:
            for shard in range(layout.shards):
                all_at_once.get(layout.tick(shard))
            return [_millis(tick) for tick in all_at_once.execute()]

    def close(self) -> None:
        self._redis.close()

    def _of_every_shard(self, segment: str, ask: Callable[[Pipeline, str], object]) -> list[tuple[Millis | None, Any]]:
        layout = self.layout()
        found = []
        for shard in range(layout.shards):
            with self._redis.pipeline(transaction=True) as both:
                both.get(layout.tick(shard))
                ask(both, layout.segment(shard, segment))
                tick, answer = both.execute()
            found.append((_millis(tick), answer))
        return found


def _millis(tick: object) -> Millis | None:
    return None if tick is None else int(str(tick))


def _oldest(found: list[tuple[Millis | None, Any]]) -> Millis | None:
    """A shard that nobody was ever written to has no tick, and nobody to be wrong about."""
    return min((tick for tick, _ in found if tick is not None), default=None)
