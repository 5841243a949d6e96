"""Every signal ends in one decision with a reason from a closed list, under ids that stay the same for ever."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from udfs.time import Millis

SEND = "send"
DROP = "drop"
WOULD_HAVE_SENT = "would_have_sent"
DEFER = "defer"

REASONS = frozenset(
    {
        "sent",
        "no_consent",
        "suppressed",
        "no_address",
        "ordered_recently",
        "converted",
        "cart_empty",
        "reentry_blocked",
        "capped",
        "reserved",
        "hush",
        "quiet_hours",
        "holdout",
        "before_live_from",
        "expired",
        "paused",
        "superseded",
        "unavailable_item",
        "orders_silent",
        "below_minimum",
        "not_in_audience",
        "campaign_ended",
    }
)


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What let a person into a campaign: the spell of a cart. It is the same for every step and every version."""

    campaign: str
    cart_id: str
    start: Millis


def signal_id(user: str, entry: Entry, step: int) -> str:
    """Names the question whether `user` gets this step for this entry; all its decisions carry it."""
    return _hash("signal", entry.campaign, user, entry.cart_id, entry.start, step)


def trigger_id(user: str, entry: Entry, step: int) -> str:
    """Names the message; whoever sees the id twice sends once."""
    return _hash("trigger", entry.campaign, user, entry.cart_id, entry.start, step)


def decision_id(signal: str, deferrals: int = 0) -> str:
    """Names one answer to a signal: the first, or the one after so many deferrals."""
    return _hash("decision", signal, deferrals)


def _hash(*parts: str | int) -> str:
    return blake2b(msgspec.json.encode(parts), digest_size=16).hexdigest()
