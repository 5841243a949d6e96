"""A customer's events as tests tell them: small values with meaning, times in ms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from udfs.campaign_rule import CampaignRule
from udfs.campaigns import CampaignConfig, parse_campaigns
from udfs.events import ERASURE, Event, Kind, Line
from udfs.time import DAY, Millis

NOON: Millis = 1_790_769_600_000  # 2026-09-30T12:00:00Z
LONG_AFTER: Millis = NOON + 2_000 * DAY

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config" / "campaigns" / "cart_abandonment.toml"
GOVERNOR = ROOT / "config" / "governor.toml"
BY_DAY = '[[cap]]\ncount = 1\nwithin = "20h"'


def line(product: str = "mug", quantity: int | None = None, **told: Any) -> Line:
    return Line(product, quantity=quantity, **{"price": 1200, **told})


def lines(*products: str | Line) -> tuple[Line, ...]:
    return tuple(line(product) if isinstance(product, str) else product for product in products)


def event(at: Millis, kind: Kind, name: str, user: str = "ada", **told: Any) -> Event:
    """Its message id follows from what it says, so the same event twice is a duplicate."""
    said = "-".join(f"{value}" for value in told.values())
    return Event(user, at, kind, name, told.pop("message_id", f"{at}-{name}-{said}"), **told)


def add(at: Millis, *products: str | Line, cart: str | None = "c1", **told: Any) -> Event:
    return event(at, Kind.CART, "Product Added", cart_id=cart, lines=lines(*(products or ("mug",))), **told)


def remove(at: Millis, *products: str | Line, cart: str | None = "c1", **told: Any) -> Event:
    return event(at, Kind.CART, "Product Removed", cart_id=cart, lines=lines(*(products or ("mug",))), **told)


def look(at: Millis, *products: str | Line, cart: str | None = "c1", name: str = "Cart Viewed", **told: Any) -> Event:
    """A look that lists `products`, or nothing at all; `look(at, *NOTHING)` cannot be told apart: see `look_empty`."""
    return event(at, Kind.CART, name, cart_id=cart, lines=lines(*products) if products else None, **told)


def look_empty(at: Millis, cart: str | None = "c1", name: str = "Cart Viewed", **told: Any) -> Event:
    return event(at, Kind.CART, name, cart_id=cart, lines=(), **told)


def view(at: Millis, **told: Any) -> Event:
    return event(at, Kind.CLICK, "Product Viewed", **told)


def order(
    at: Millis, *products: str | Line, cart: str | None = None, name: str = "Order Completed", **told: Any
) -> Event:
    bought = lines(*products) if products else None
    return event(at, Kind.ORDER, name, cart_id=cart, lines=bought, **told)


def consent(at: Millis, marketing: Any = True, **told: Any) -> Event:
    return event(at, Kind.PROFILE, "identify", traits={"consent": {"marketing": marketing}}, **told)


def identify(at: Millis, traits: dict[str, Any], **told: Any) -> Event:
    return event(at, Kind.PROFILE, "identify", traits=traits, **told)


def erase(at: Millis, **told: Any) -> Event:
    return event(at, Kind.PROFILE, ERASURE, **told)


def campaign_text(more: str = "", top: str = "", signal: str = "", reminder: str = '"24h"') -> str:
    """The shipped campaign in short, with other lines in it."""
    return (
        f'name = "cart_abandonment"\n{top}\n[signal]\ntype = "cart_abandoned"\n{signal}\n'
        f'[[steps]]\ntemplate = "cart_left"\n[[steps]]\ntemplate = "cart_reminder"\nafter = {reminder}\n{more}\n'
    )


def config(*texts: str, caps: str = BY_DAY) -> CampaignConfig:
    """The shipped cart abandonment, or campaigns from `texts`, under the governor `caps`, which knows no night."""
    if not texts:
        return parse_campaigns({"c.toml": SHIPPED.read_bytes()}, ("governor.toml", caps.encode()))
    files = {f"{number}.toml": text.encode() for number, text in enumerate(texts)}
    return parse_campaigns(files, ("governor.toml", caps.encode()))


def shipped(live_from: Millis | None = None) -> CampaignRule:
    return CampaignRule(config(), None, live_from)
