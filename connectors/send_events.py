"""What became of a mail, as the campaigns read it back from `sends`: an event like any other, by its own schema."""

from __future__ import annotations

from connectors.rejected import Reason, Rejected
from connectors.segment_times import EARLIEST, LATEST
from connectors.wire import decode
from udfs.events import Event, Kind
from udfs.time import Millis


def read_send(key: bytes, value: bytes, record_time: Millis, effective: Millis) -> Event | Rejected:
    """The event is called as the outcome: unknown, sent, not_sent or bounced."""
    decoded = decode(value, "sends")
    if isinstance(decoded, Rejected):
        return decoded
    record = decoded[1]
    if record["user_id"].encode() != key:
        return Rejected(Reason.KEY_MISMATCH, "the key is not the record's user_id")
    if record["at"] != record_time:
        return Rejected(Reason.TIME_MISMATCH, f"the record says {record['at']}, Kafka {record_time}")
    if not EARLIEST <= record_time < LATEST:
        return Rejected(Reason.IMPLAUSIBLE, f"timestamp {record_time} is not between 2000 and 2100")
    return Event(
        record["user_id"],
        effective,
        Kind.SEND,
        record["outcome"],
        # A postponed mail is claimed and released again, each time under the same id of its outcome.
        f"{record['send_id']}:{record['reason']}:{record_time}",
        effective != record_time,
        campaign=record["campaign"],
        step=record["step"],
        channel=record["channel"],
        trigger_id=record["trigger_id"],
    )
