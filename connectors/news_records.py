"""Turn one record of a topic of news into what every shard is told, or say why it is none."""

from __future__ import annotations

from connectors.rejected import Reason, Rejected
from connectors.segment_times import EARLIEST, LATEST
from connectors.topics import topic_of
from connectors.wire import Record, decode
from udfs.events import Kind
from udfs.news import News
from udfs.time import Millis

MAX_VALUE_BYTES = 256 * 1024
MAX_TEXT = 256


def read_news(
    kind: Kind, key: bytes | None, value: bytes | None, record_time: Millis, effective: Millis, order: int
) -> News | Rejected:
    """The news in a record of the topic `kind`; `effective` is when it counts, `order` its place in the log."""
    if not key:
        return Rejected(Reason.KEY_MISSING, "the record has no key")
    if value is not None and len(value) > MAX_VALUE_BYTES:
        return Rejected(Reason.TOO_LARGE, f"{len(value)} bytes, at most {MAX_VALUE_BYTES} are read")
    topic = topic_of(kind)
    decoded = decode(value, topic.subject)
    if isinstance(decoded, Rejected):
        return decoded
    record = decoded[1]
    name = record[topic.key]
    if key != name.encode() and not (topic.thinned and key.startswith(f"{name}:".encode())):
        return Rejected(Reason.KEY_MISMATCH, f"the key is not the record's {topic.key}")
    if record["timestamp"] != record_time:
        return Rejected(Reason.TIME_MISMATCH, f"the record says {record['timestamp']}, Kafka {record_time}")
    since = max(effective, record.get("effective_at") or 0)
    if not record_time >= EARLIEST or not since < LATEST:
        return Rejected(Reason.IMPLAUSIBLE, f"timestamp {record_time} or {since} is not between 2000 and 2100")
    if len(key) > MAX_TEXT:
        return Rejected(Reason.IMPLAUSIBLE, f"{topic.key} is longer than {MAX_TEXT}")
    if kind is Kind.CATALOG:
        return _product(name, record, effective, order)
    return _campaign(name, record, effective, since, order)


def _campaign(name: str, record: Record, at: Millis, since: Millis, order: int) -> News | Rejected:
    action, content = record["action"], record["content"]
    if action == "unknown" or (action == "publish") != (content is not None):
        found = "without" if content is None else "with"
        return Rejected(Reason.IMPLAUSIBLE, f"{action} {found} the content of a file")
    return News(Kind.CAMPAIGN, name, at, since, order, action, content, record["file"])


def _product(name: str, record: Record, at: Millis, order: int) -> News:
    return News(Kind.CATALOG, name, at, at, order, variant=record["variant"], available=record["available"])
