"""What lets a person into a campaign: something left behind, an order, a subscription, a segment entered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from udfs.abandonment import Signals
from udfs.time import Millis

CART_ABANDONED = "cart_abandoned"
BROWSE_ABANDONED = "browse_abandoned"
ORDER_COMPLETED = "order_completed"
SUBSCRIBED = "subscribed"
SEGMENT_ENTERED = "segment_entered"
TYPES = (CART_ABANDONED, BROWSE_ABANDONED, ORDER_COMPLETED, SUBSCRIBED, SEGMENT_ENTERED)


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happened once: the first mail is due `wait` ms after it. `segment` is the one entered."""

    type: str
    wait: Millis
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class Listener:
    """A campaign that waits for something to happen, as far as a person's memory of it goes."""

    campaign: str
    version: str
    channel: str
    wait: Millis


@dataclass(frozen=True, slots=True)
class Ears:
    """Which campaigns listen to what: `spells` by what is left behind, the others by what they wait for.

    An order ends what is due of any campaign but those of `unmoved`, and of versions of before as `moved` says.
    `follow_ups` are the campaigns that an order lets people in to.
    """

    spells: Signals
    orders: tuple[Listener, ...] = ()
    subscriptions: tuple[Listener, ...] = ()
    segments: Mapping[str, tuple[Listener, ...]] = field(default_factory=dict)
    unmoved: frozenset[str] = frozenset()
    moved: Mapping[str, bool] = field(default_factory=dict)
    follow_ups: frozenset[str] = frozenset()
    views: bool = False

    def ends_with_order(self, campaign: str, version: str) -> bool:
        """Whether an order ends what is due of this campaign, to whoever entered it on this version."""
        return self.moved.get(version, campaign not in self.unmoved)
