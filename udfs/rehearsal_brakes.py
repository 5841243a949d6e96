"""What the brakes would have done in a rehearsal: hours above the rehearsed volume, and times without an order."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from udfs.campaigns import CampaignConfig
from udfs.events import Event, Kind
from udfs.memory_driver import drive
from udfs.order_silence import CHECKOUT, OrderSilence, OrdersSilent
from udfs.orders import COMPLETED
from udfs.time import Millis

Row = dict[str, Any]
_EVERYBODY = "everybody"


class Flow(NamedTuple):
    """When orders were completed and checkouts started (ms), by whomever; doubled messages once."""

    orders: array[int]
    checkouts: array[int]


def flow_of(events: Iterable[Event]) -> Flow:
    """The flow of some people's events, in no particular order."""
    orders = {event.message_id: event.at for event in events if event.name == COMPLETED}
    checkouts = {event.message_id: event.at for event in events if event.name == CHECKOUT}
    return Flow(array("q", orders.values()), array("q", checkouts.values()))


def brakes(flows: Iterable[Flow], mails_by_hour: Iterable[Row], config: CampaignConfig) -> Mapping[str, list[Row]]:
    """`too_many` are the hours in which a campaign would have paused itself, `orders_silent` the times in which mails
    would have waited for orders; `until` is None if none came any more."""
    governor = config.governor
    return {
        "too_many": list(_too_many(mails_by_hour, config)) if governor.too_many else [],
        "orders_silent": [] if governor.order_silence == 0 else _silences(flows, governor.order_silence),
    }


def _too_many(mails_by_hour: Iterable[Row], config: CampaignConfig) -> Iterator[Row]:
    for row in mails_by_hour:
        campaign = config.campaigns.get(row["campaign"])
        if campaign and campaign.hourly_volume:
            most = config.governor.too_many * campaign.hourly_volume
            if row["count"] > most:
                yield {**row, "most": most}


def _silences(flows: Iterable[Flow], length: Millis | None) -> list[Row]:
    told = [_event(number, at, name) for number, (at, name) in enumerate(_all(flows))]
    rows: list[Row] = []
    for one in drive(OrderSilence(length), told).emitted:
        if isinstance(one, OrdersSilent):
            rows.append({"since": one.at, "until": None})
        else:
            rows[-1]["until"] = one.at
    return rows


def _all(flows: Iterable[Flow]) -> Iterator[tuple[Millis, str]]:
    for flow in flows:
        yield from ((at, COMPLETED) for at in flow.orders)
        yield from ((at, CHECKOUT) for at in flow.checkouts)


def _event(number: int, at: Millis, name: str) -> Event:
    return Event(_EVERYBODY, at, Kind.ORDER if name == COMPLETED else Kind.CART, name, f"{number}")
