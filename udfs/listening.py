"""Which campaigns of a configuration listen to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from udfs.abandonment import Abandonment, Era, Signals
from udfs.campaigns import Campaign
from udfs.signals import ORDER_COMPLETED, SEGMENT_ENTERED, SUBSCRIBED, Ears, Happened, Listener
from udfs.time import Millis

END_OF_TIME: Millis = 1 << 63


def ears(campaigns: Collection[Campaign], eras: Mapping[str, Sequence[tuple[Millis, Campaign]]]) -> Ears:
    """Worked out once, so that an event asks only those whom it concerns.

    `eras` are the versions (since when, which) of campaigns that were published anew, the last one is in `campaigns`.
    """
    spells = {one.name: one.signal for one in campaigns if isinstance(one.signal, Abandonment)}
    segments: dict[str, list[Listener]] = defaultdict(list)
    for one, listener in _of(campaigns, SEGMENT_ENTERED):
        segments[one.segments["signal.segment"]].append(listener)
    before = [one for known in eras.values() for _, one in known[:-1]]
    every = [*campaigns, *before]
    return Ears(
        Signals(spells, {name: found for name, known in eras.items() if (found := _eras(known))}),
        tuple(listener for _, listener in _of(campaigns, ORDER_COMPLETED)),
        tuple(listener for _, listener in _of(campaigns, SUBSCRIBED)),
        {name: tuple(listeners) for name, listeners in segments.items()},
        frozenset(one.name for one in campaigns if not one.exits_on_order),
        {one.version: one.exits_on_order for one in before},
        frozenset(one.name for one, _ in _of(every, ORDER_COMPLETED)),
        any(isinstance(one.signal, Abandonment) and one.signal.views for one in every),
    )


def _eras(known: Sequence[tuple[Millis, Campaign]]) -> tuple[Era, ...]:
    """Each lasts until the next begins; none where the campaign waits for something else."""
    ends = [*(since for since, _ in known[1:]), END_OF_TIME]
    return tuple(
        Era(until, since, one.signal)
        for until, (since, one) in zip(ends, known, strict=True)
        if isinstance(one.signal, Abandonment)
    )


def _of(campaigns: Collection[Campaign], kind: str) -> list[tuple[Campaign, Listener]]:
    return [
        (one, Listener(one.name, one.version, one.channel, one.signal.wait))
        for one in sorted(campaigns, key=lambda one: one.name)
        if isinstance(one.signal, Happened) and one.signal.type == kind
    ]
