"""A shard that is written through to keyed state after every tick, and read back whole after a restore.

u:<person>         msgpack [state, wake_at]
n:<what about>     msgpack of news (udfs/news.py); all that a job was told, but what is superseded
d:...              message ids (stored_ids.py)
meta               what the state was written with; another tick length, bound or shard count is refused
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import Any

import msgspec

from udfs.news import News, NewsRefused
from udfs.operators.stored_ids import StoredIds
from udfs.operators.tick_shard import Mapping
from udfs.shard import Shard
from udfs.step import Rule
from udfs.time import Millis

_news = msgspec.msgpack.Decoder(News).decode
_in_turn = attrgetter("since", "order")


class StateMismatch(RuntimeError):
    """Stored state that this job must not continue from; the message says which setting or version differs."""


class Meta(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the state was written with, and `until`: the last millisecond that was decided.

    `reads` is what of the past the rule has kept, such as the segments that campaigns name.
    """

    format: int
    tick: Millis
    shards: int
    bound: Millis
    reads: str = ""
    until: Millis = 0

    def check(self, stored: bytes) -> Millis:
        """Where the state with this stored meta stands; StateMismatch if it was written with other settings."""
        found = msgspec.msgpack.decode(stored, type=Meta)
        for name in ("format", "tick", "shards", "bound", "reads"):
            then, now = getattr(found, name), getattr(self, name)
            if then != now:
                raise StateMismatch(
                    f"the state was written with {name} {then!r}, this job has {name} {now!r}: "
                    "submit with the old value, or start without --from and let the log be read again"
                )
        return found.until


class StoredShard:
    """`shard` with its people in `mapping`; `restored_at` is where it stood (ms) if there was state to come back to."""

    def __init__(self, rule: Rule[Any, Any, Any], state_type: type, mapping: Mapping, made_with: Meta) -> None:
        self._ids = StoredIds(mapping)
        self.shard: Shard[Any, Any] = Shard(rule, self._ids.seen)
        self.until: Millis = 0
        self.restored_at: Millis | None = None
        self._mapping = mapping
        self._meta = made_with
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(tuple[state_type, Millis | None]).decode  # type: ignore[valid-type]
        with _uncollected():
            self._load()

    def save(self, until: Millis) -> None:
        """Write what changed since the last call; the shard now stands at `until`."""
        people, wakes = self.shard.people, self.shard.wakes
        for user in self.shard.changed:
            if (state := people.get(user)) is None:
                self._mapping.remove("u:" + user)
            else:
                self._mapping.put("u:" + user, self._encode((state, wakes.get(user))))
        self.shard.changed = set()
        for news in sorted(self.shard.fresh_news, key=_in_turn):
            if news.taken_for_granted:
                self._mapping.remove("n:" + news.about)
            else:
                self._mapping.put("n:" + news.about, self._encode(news))
        self.shard.fresh_news = []
        self._ids.save(until)
        self.until = until
        self._mapping.put("meta", self._encode(msgspec.structs.replace(self._meta, until=until)))

    def _load(self) -> None:
        ids: list[tuple[str, bytes]] = []
        news: list[News] = []
        for key, value in self._mapping.items():
            stored = bytes(value)
            if key.startswith("u:"):
                self.shard.restore(key[2:], *self._read(key, stored))
            elif key.startswith("d:"):
                ids.append((key, stored))
            elif key.startswith("n:"):
                news.append(_news(stored))
            else:
                self.until = self.restored_at = self._meta.check(stored)
        self._ids.restore(ids)
        self._restore_news(news)
        self._wake_outdated(getattr(self.shard.rule, "is_outdated", None))

    def _restore_news(self, news: list[News]) -> None:
        try:
            self.shard.restore_news(news, self.until)
        except NewsRefused as why:
            raise StateMismatch(
                f"news in the state mean nothing to this release or configuration ({why}); go back to the one that "
                "took them in, or start again from the log"
            ) from why

    def _wake_outdated(self, is_outdated: Callable[[Any], bool] | None) -> None:
        """A changed definition is evaluated for everybody, so whoever was judged by the old one is woken at once."""
        if is_outdated is not None:
            for user, state in self.shard.people.items():
                if is_outdated(state):
                    self.shard.restore(user, state, self.until + 1)

    def _read(self, key: str, stored: bytes) -> tuple[Any, Millis | None]:
        try:
            return self._decode(stored)
        except msgspec.DecodeError as wrong:
            raise StateMismatch(
                f"the state of a person does not fit this release ({wrong}); start again from the log, or go back "
                "to the release that wrote it"
            ) from wrong


@contextmanager
def _uncollected() -> Iterator[None]:
    """Python's garbage collector would look through everybody again and again while people come, and find nothing.

    Reading back takes a third of the time without it; states are values without cycles.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
