"""Orders are silent when none has come in for far longer than usual while checkouts went on."""

from __future__ import annotations

from statistics import median_low

import msgspec

from udfs.events import Event
from udfs.orders import COMPLETED
from udfs.step import SAME, Step
from udfs.time import MINUTE, Millis

CHECKOUT = "Checkout Started"

USUAL = 50  # what is usual is the median of so many gaps between orders, the last ones
KNOWN = 10  # fewer say nothing
TIMES = 20
AT_LEAST: Millis = 10 * MINUTE
MISSED = 5  # so many orders are to be expected of the checkouts before their absence is strange


class OrdersSilent(msgspec.Struct, frozen=True, gc=False):
    """At `at` (ms) there had been no order for `silence` ms, but `checkouts` checkouts in that time."""

    at: Millis
    last_order: Millis
    silence: Millis
    checkouts: int


class OrdersFlow(msgspec.Struct, frozen=True, gc=False):
    """An order came in at `at` (ms), after a silence since `since`."""

    at: Millis
    since: Millis


class OrderFlow(msgspec.Struct, frozen=True, gc=False):
    """The last orders and how many checkouts came before each, the last checkouts, and since when there is silence."""

    orders: tuple[Millis, ...] = ()
    before: tuple[int, ...] = ()
    checkouts: tuple[Millis, ...] = ()
    counted: int = 0
    silent_since: Millis | None = None

    @property
    def usual_gap(self) -> Millis | None:
        """None as long as too few orders are known."""
        gaps = [later - sooner for sooner, later in zip(self.orders, self.orders[1:], strict=False)]
        return median_low(gaps) if len(gaps) >= KNOWN else None

    @property
    def enough(self) -> int:
        """As many checkouts as usually go with `MISSED` orders, one each at the least."""
        return MISSED * max(1, median_low(self.before[1:])) if len(self.before) > KNOWN else MISSED


NOTHING = OrderFlow()


class OrderSilence:
    """Implements Rule[OrderFlow, Event, OrdersSilent | OrdersFlow] for everybody's orders and checkouts together.

    `length` (ms) is how long a silence must be; None: `TIMES` times the usual gap, and at least `AT_LEAST`. The state
    is a single one, is small and has no end.
    """

    def __init__(self, length: Millis | None = None) -> None:
        self.length = length

    def on_event(self, state: OrderFlow | None, event: Event) -> Step[OrderFlow, OrdersSilent | OrdersFlow]:
        flow = state or NOTHING
        if event.name == COMPLETED:
            return self._ordered(flow, event.at)
        return self._checked_out(flow, event.at) if event.name == CHECKOUT else SAME

    def on_wake(self, state: OrderFlow, at: Millis) -> Step[OrderFlow, OrdersSilent | OrdersFlow]:
        silence = self.silence(state)
        if silence is None or self._next(state, at) != at:
            return Step(state)
        told = OrdersSilent(at, state.orders[-1], silence, len(state.checkouts))
        return Step(msgspec.structs.replace(state, silent_since=at), (told,))

    def silence(self, flow: OrderFlow) -> Millis | None:
        """How long no order must come (ms); None if that cannot be said yet."""
        if self.length is not None:
            return self.length
        gap = flow.usual_gap
        return None if gap is None else max(AT_LEAST, TIMES * gap)

    def _ordered(self, flow: OrderFlow, at: Millis) -> Step[OrderFlow, OrdersSilent | OrdersFlow]:
        told = () if flow.silent_since is None else (OrdersFlow(at, flow.silent_since),)
        after = OrderFlow((*flow.orders, at)[-USUAL - 1 :], (*flow.before, flow.counted)[-USUAL - 1 :])
        silence = self.silence(after)
        return Step(after, told, None if silence is None else at + silence)

    def _checked_out(self, flow: OrderFlow, at: Millis) -> Step[OrderFlow, OrdersSilent | OrdersFlow]:
        checkouts = (*flow.checkouts, at)[-flow.enough :]
        after = msgspec.structs.replace(flow, checkouts=checkouts, counted=flow.counted + 1)
        return Step(after, wake_at=self._next(after, at))

    def _next(self, flow: OrderFlow, at: Millis) -> Millis | None:
        """When to judge; `at` if it is silent now: no order for so long, and enough checkouts in that time.

        That is judged behind all events of the instant, for an order may be among them.
        """
        silence = self.silence(flow)
        if silence is None or flow.silent_since is not None or not flow.orders:
            return None
        begins = flow.orders[-1] + silence
        if at < begins:
            return begins
        return at if len(flow.checkouts) == flow.enough and flow.checkouts[0] > at - silence else None
