"""A rule answers every event and every wake-up with a step: what to remember, what to say, when to be woken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from udfs.news import News
from udfs.time import Millis

S = TypeVar("S")
O_co = TypeVar("O_co", covariant=True)
E_contra = TypeVar("E_contra", contravariant=True)
S_contra = TypeVar("S_contra", contravariant=True)


class Step(msgspec.Struct, Generic[S, O_co], frozen=True, gc=False):
    """The whole truth after one event or wake-up.

    `state` None forgets the person; `emit` are the outputs; `wake_at` (event time, ms) replaces the earlier wake-up,
    None means there is none.
    """

    state: S | None
    emit: tuple[O_co, ...] = ()
    wake_at: Millis | None = None


FORGET: Step[Any, Any] = Step(None)

# An answer to an event that changes nothing: the state, if there is one, and the wake-up stay as they are.
SAME: Step[Any, Any] = Step(None)


class Rule(Protocol[S, E_contra, O_co]):
    """What is decided for one person: pure, and exact in event time. A driver calls it with time running forward."""

    def on_event(self, state: S | None, event: E_contra) -> Step[S, O_co]: ...

    def on_wake(self, state: S, at: Millis) -> Step[S, O_co]: ...


class Overtaking(Protocol[S_contra, E_contra]):
    """A rule that need not be told of everything has this too."""

    def overtaken(self, state: S_contra | None, events: Sequence[E_contra], place: int, wake_at: Millis | None) -> int:
        """How many of a person's `events` from `place` on leave nothing that the next one does not leave as well, with
        no wake-up before it."""
        ...


class Learner(Protocol):
    """A rule that news concern has this too; it is shared by shards that stand at different times.

    So what it knows must be a function of event time (`udfs/timeline.py`): news are learned ahead of their time, in any
    order, and several times over.
    """

    def learn(self, news: News) -> bool:
        """Take them in; True if everybody remembered is to be told at `news.since`, through `on_event` with
        `news.told_to(user)`. NewsRefused if they mean nothing to the rule. The answer depends on the news alone."""
        ...

    def forget_news(self, before: Millis) -> None:
        """No shard will ask any more for what held only before this instant."""
        ...
