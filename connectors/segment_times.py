"""When a call happened: Segment's four timestamps become one event time."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.rejected import Reason, Rejected
from udfs.time import DAY, MINUTE, Millis

EARLIEST: Millis = 946_684_800_000  # 2000-01-01; seconds taken for milliseconds lie before it
LATEST: Millis = 4_102_444_800_000  # 2100-01-01
OLDEST_LIVE = 30 * DAY
NEWEST_LIVE = 5 * MINUTE
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_millis(stamp: str | int | None) -> Millis | None:
    """ISO 8601 (UTC where it names no offset) or epoch milliseconds; ValueError for anything else."""
    if stamp is None or isinstance(stamp, int):
        return stamp
    moment = datetime.fromisoformat(stamp)
    since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
    return since.days * DAY + since.seconds * 1000 + since.microseconds // 1000


def event_time(
    timestamp: Millis | None,
    original: Millis | None,
    sent: Millis | None,
    received: Millis | None,
    now: Millis | None,
) -> Millis | Rejected:
    """The corrected time of a call; `now` is the clock at ingest and None for history, which is taken as it is."""
    arrived = received if received is not None else now
    at = timestamp
    if at is None and original is not None:
        at = original if sent is None or arrived is None else arrived - (sent - original)
    if at is None:
        at = arrived
    if at is None:
        return Rejected(Reason.FIELD_MISSING, "no timestamp, originalTimestamp or receivedAt")
    if now is not None and arrived is not None:
        at = min(max(at, arrived - OLDEST_LIVE), arrived + NEWEST_LIVE)
    if not EARLIEST <= at < LATEST:
        return Rejected(Reason.IMPLAUSIBLE, f"timestamp {at} is not between 2000 and 2100 (milliseconds?)")
    return at
