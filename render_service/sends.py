"""What became of a trigger, as a record on `sends`: first the claim, which is `unknown`, then the end."""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from udfs.outputs import Trigger
from udfs.time import Millis

UNKNOWN = "unknown"
SENT = "sent"
NOT_SENT = "not_sent"
BOUNCED = "bounced"

CLAIMED = "claimed"  # reason of a claim: if nothing follows, nobody knows whether the mail went out
RELEASED = "released"  # the claim is taken back: the mail server would not have the mail yet


class Send(msgspec.Struct, frozen=True, gc=False):
    """One record; `at` is the tide (ms) at which it became known, never before the trigger's own `at`."""

    send_id: str
    trigger_id: str
    campaign: str
    version: str
    step: int
    channel: str
    user_id: str
    at: Millis
    outcome: str
    reason: str
    message_id: str | None
    template: str


def send(trigger: Trigger, outcome: str, reason: str, tide: Millis | None, message_id: str | None = None) -> Send:
    """The record of an outcome; the same outcome of the same trigger has the same id for ever."""
    return Send(
        send_id=blake2b(msgspec.json.encode(("send", trigger.trigger_id, outcome)), digest_size=16).hexdigest(),
        trigger_id=trigger.trigger_id,
        campaign=trigger.campaign,
        version=trigger.version,
        step=trigger.step,
        channel=trigger.channel,
        user_id=trigger.user_id,
        at=trigger.at if tide is None else max(trigger.at, tide),
        outcome=outcome,
        reason=reason,
        message_id=message_id,
        template=trigger.template,
    )
