"""Which campaigns of a configuration listen to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from udfs.abandonment import Abandonment, Signals
from udfs.campaigns import Campaign
from udfs.signals import ORDER_COMPLETED, SEGMENT_ENTERED, SUBSCRIBED, Ears, Happened, Listener


def ears(campaigns: Collection[Campaign]) -> Ears:
    """Worked out once, so that an event asks only those whom it concerns."""
    spells = Signals({one.name: one.signal for one in campaigns if isinstance(one.signal, Abandonment)})
    segments: dict[str, list[Listener]] = defaultdict(list)
    for one, listener in _of(campaigns, SEGMENT_ENTERED):
        segments[one.segments["signal.segment"]].append(listener)
    return Ears(
        spells,
        tuple(listener for _, listener in _of(campaigns, ORDER_COMPLETED)),
        tuple(listener for _, listener in _of(campaigns, SUBSCRIBED)),
        {name: tuple(listeners) for name, listeners in segments.items()},
        frozenset(one.name for one in campaigns if not one.exits_on_order),
        bool(spells.of_views),
    )


def _of(campaigns: Collection[Campaign], kind: str) -> list[tuple[Campaign, Listener]]:
    return [
        (one, Listener(one.name, one.version, one.channel, one.signal.wait))
        for one in sorted(campaigns, key=lambda one: one.name)
        if isinstance(one.signal, Happened) and one.signal.type == kind
    ]
