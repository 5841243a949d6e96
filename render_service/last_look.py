"""The last look before a mail goes out: what has changed since it was decided to send it."""

from __future__ import annotations

from collections.abc import Container

from msgspec.structs import replace

from render_service.recipient import Recipient
from udfs.campaigns import MARKETING
from udfs.outputs import Item, Trigger
from udfs.sold_out import Product, is_sold_out
from udfs.time import Millis

EXPIRED = "expired"
NO_CONSENT = "no_consent"
SUPPRESSED = "suppressed"
CONVERTED = "converted"
NO_ADDRESS = "no_address"
UNAVAILABLE = "unavailable_item"


def reason_not_to(trigger: Trigger, to: Recipient | None, tide: Millis | None) -> str | None:
    """Why the mail must not go out after all, from the closed list of reasons; None if it may.

    `to` is the person as known at `tide` (ms), None if nothing is known of them. An order up to and including the
    trigger's `at` was weighed when it was decided; what came later is ours to see.
    """
    if tide is not None and tide > trigger.valid_until:
        return EXPIRED
    if to is None:
        return NO_ADDRESS
    if trigger.message_class == MARKETING and (reason := _unwelcome(trigger, to)):
        return reason
    return None if to.address else NO_ADDRESS


def without_sold_out(trigger: Trigger, gone: Container[Product]) -> Trigger | None:
    """The trigger with what can still be bought; None if that is nothing of what was left behind.

    What somebody has bought already is shown whether or not there is more of it.
    """
    left = tuple(item for item in trigger.items if not _is_gone(item, gone))
    if len(left) == len(trigger.items):
        return trigger
    less = sum(item.quantity * (item.price or 0) for item in trigger.items if _is_gone(item, gone))
    return replace(trigger, items=left, value=trigger.value - less) if left else None


def _is_gone(item: Item, gone: Container[Product]) -> bool:
    return item.cart_id is not None and is_sold_out(gone, item.product_id, item.variant)


def _unwelcome(trigger: Trigger, to: Recipient) -> str | None:
    if not to.consents:
        return NO_CONSENT
    if to.suppressed:
        return SUPPRESSED
    return CONVERTED if to.last_order is not None and to.last_order > trigger.at else None
