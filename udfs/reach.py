"""How a person may be reached: what consent refuses, whether the address takes mail, and where they live."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from udfs.events import PROFILE, Context, Event
from udfs.time import Millis

MARKETING = "marketing"

_BOUNCED = "Email Bounced"
_UNWANTED = frozenset({"Unsubscribed", "Email Marked as Spam"})


class Reach(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`refused` are the topics and channels said no to; `address` is a hash, never the address itself.

    `bounced` and `unwanted` (ms) are when the address bounced for good, and when it asked for no more marketing.
    """

    refused: tuple[str, ...] = ()
    address: str | None = None
    bounced: Millis | None = None
    unwanted: Millis | None = None
    device_zone: str | None = None
    trait_zone: str | None = None
    device_country: str | None = None
    trait_country: str | None = None

    @property
    def lasting(self) -> bool:
        """True if it must be remembered, whatever else is known of the person."""
        return bool(self.refused or self.address) or self.bounced is not None or self.unwanted is not None


ANYHOW = Reach()


def seen(reach: Reach, context: Context) -> Reach:
    """The last zone and country that any device told."""
    zone, country = context.timezone or reach.device_zone, context.country or reach.device_country
    if zone == reach.device_zone and country == reach.device_country:
        return reach
    return msgspec.structs.replace(reach, device_zone=zone, device_country=country)


def told(reach: Reach, traits: dict[str, Any]) -> Reach:
    """After `identify`: another address starts anew, and what is not said stays as it was."""
    changes: dict[str, Any] = {}
    for trait, field in (("timezone", "trait_zone"), ("country", "trait_country")):
        if trait in traits:
            changes[field] = _text(traits[trait])
    if "consent" in traits:
        changes["refused"] = _refused(reach.refused, traits["consent"])
    if "email" in traits and (address := _hashed(traits["email"])) != reach.address:
        changes |= {"address": address, "bounced": None, "unwanted": None}
    return msgspec.structs.replace(reach, **changes) if changes else reach


def mailed(reach: Reach, event: Event) -> Reach:
    """After a mail event: a hard bounce, a complaint or an unsubscription belongs to the address."""
    if event.name == _BOUNCED and event.bounce != "soft":
        return refused(reach, event.at)
    if event.name in _UNWANTED:
        return reach if reach.unwanted is not None else msgspec.structs.replace(reach, unwanted=event.at)
    return reach


def refused(reach: Reach, at: Millis) -> Reach:
    """The mailbox takes no mail of anybody's."""
    return reach if reach.bounced is not None else msgspec.structs.replace(reach, bounced=at)


def consent(before: bool | None, event: Event) -> bool | None:
    """Only `{"marketing": true}` is consent; a call that speaks of other purposes says nothing about it."""
    if event.kind is not PROFILE or not event.traits or "consent" not in event.traits:
        return before
    said = event.traits["consent"]
    if not isinstance(said, dict):
        return False
    return said[MARKETING] is True if MARKETING in said else bool(before)


def _refused(before: tuple[str, ...], said: Any) -> tuple[str, ...]:
    """What is not said stays; consent that is taken back as a whole refuses nothing in particular."""
    if not isinstance(said, dict):
        return ()
    known = dict.fromkeys(before, False) | {name: yes for name, yes in said.items() if name != MARKETING}
    return tuple(sorted(name for name, yes in known.items() if yes is False))


def _hashed(address: Any) -> str | None:
    text = _text(address)
    return None if text is None else blake2b(text.strip().lower().encode(), digest_size=8).hexdigest()


def _text(said: Any) -> str | None:
    return said if isinstance(said, str) and said else None
