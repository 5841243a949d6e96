"""The last look before a mail goes out: what has changed since it was decided to send it."""

from __future__ import annotations

from render_service.recipient import Recipient
from udfs.campaigns import MARKETING
from udfs.outputs import Trigger
from udfs.time import Millis

EXPIRED = "expired"
NO_CONSENT = "no_consent"
SUPPRESSED = "suppressed"
CONVERTED = "converted"
NO_ADDRESS = "no_address"


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


def _unwelcome(trigger: Trigger, to: Recipient) -> str | None:
    if not to.consents:
        return NO_CONSENT
    if to.suppressed:
        return SUPPRESSED
    return CONVERTED if to.last_order is not None and to.last_order > trigger.at else None
