"""Read one call in Segment's spec (a line of JSON) into the record, key, time and topic that it becomes."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from connectors.input_events import MAX_TEXT, MAX_VALUE_BYTES
from connectors.rejected import Reason, Rejected
from connectors.segment_properties import BadPropertyError, model, model_traits
from connectors.segment_times import event_time, to_millis
from connectors.vocabulary import IDENTIFY, RESERVED, topic_for
from connectors.wire import Record
from udfs.time import Millis

ACTS = {"page": "Page Viewed", "screen": "Screen Viewed", "identify": IDENTIFY}


class Parsed(NamedTuple):
    """A call that can be produced: `topic` without namespace, `at` its event time and Kafka timestamp."""

    topic: str
    key: bytes
    at: Millis
    record: Record


class _Call(msgspec.Struct, gc=False, rename="camel"):
    """The fields of a call that we read; ids may come as whole numbers."""

    message_id: str | int
    type: str
    event: str | None = None
    name: str | None = None
    user_id: str | int | None = None
    anonymous_id: str | int | None = None
    timestamp: str | int | None = None
    original_timestamp: str | int | None = None
    sent_at: str | int | None = None
    received_at: str | int | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(_Call)


def parse(line: bytes, now: Millis | None) -> Parsed | Rejected:
    """What a line becomes, or why nothing; `now` is the clock at ingest, None for history (no clamping)."""
    if len(line) > MAX_VALUE_BYTES:
        return Rejected(Reason.TOO_LARGE, f"{len(line)} bytes in a line, at most {MAX_VALUE_BYTES} are taken")
    try:
        call = _decoder.decode(line)
        return _parsed(call, now)
    except msgspec.ValidationError as error:
        missing = "required field" in str(error)
        return Rejected(Reason.FIELD_MISSING if missing else Reason.BAD_VALUE, str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Rejected(Reason.NOT_JSON, str(error))
    except BadPropertyError as error:
        return Rejected(error.reason, str(error))


def _parsed(call: _Call, now: Millis | None) -> Parsed | Rejected:
    event = _event(call)
    if isinstance(event, Rejected):
        return event
    envelope = _envelope(call, event, now)
    if isinstance(envelope, Rejected):
        return envelope
    topic = topic_for(event)
    if topic == "profile-changes":
        envelope |= model_traits(call.traits or {})
    else:
        envelope |= model(topic, event, dict(call.properties or {}, **({"name": call.name} if call.name else {})))
    key = envelope["user_id"] or envelope["anonymous_id"]
    return Parsed(topic, key.encode(), envelope["timestamp"], envelope)


def _event(call: _Call) -> str | Rejected:
    """The event's name; a page is never called by its title, which could be the name of another event."""
    if call.type in ACTS:
        return ACTS[call.type]
    if call.type != "track":
        return Rejected(Reason.UNSUPPORTED_TYPE, f"type {call.type[:40]!r}: track, identify, page and screen are taken")
    if not call.event:
        return Rejected(Reason.FIELD_MISSING, "a track call without event")
    if len(call.event) > MAX_TEXT or call.event.startswith(RESERVED) or call.event == IDENTIFY:
        return Rejected(Reason.BAD_VALUE, f"event: {IDENTIFY!r}, {RESERVED}... and names over {MAX_TEXT} are reserved")
    return call.event


def _envelope(call: _Call, event: str, now: Millis | None) -> Record | Rejected:
    ids = [_id(call.message_id), _id(call.user_id), _id(call.anonymous_id)]
    if ids[0] is None:
        return Rejected(Reason.FIELD_MISSING, "messageId is empty")
    if ids[1] is None and ids[2] is None:
        return Rejected(Reason.FIELD_MISSING, "neither userId nor anonymousId")
    if any(name and (len(name.encode()) > MAX_TEXT or name.startswith(RESERVED)) for name in ids):
        return Rejected(
            Reason.BAD_VALUE, f"messageId, userId, anonymousId: at most {MAX_TEXT} bytes, not {RESERVED}..."
        )
    try:
        original, sent, received = (
            to_millis(call.original_timestamp),
            to_millis(call.sent_at),
            to_millis(call.received_at),
        )
        at = event_time(to_millis(call.timestamp), original, sent, received, now)
    except (ValueError, OverflowError):
        return Rejected(Reason.BAD_VALUE, "a timestamp is neither ISO 8601 nor epoch milliseconds")
    if isinstance(at, Rejected):
        return at
    return {
        "message_id": ids[0],
        "type": call.type,
        "event": event,
        "user_id": ids[1],
        "anonymous_id": ids[2],
        "timestamp": at,
        "original_timestamp": original,
        "sent_at": sent,
        "received_at": now if received is None else received,
        "context": _context(call.context) if call.context else None,
    }


def _id(given: str | int | None) -> str | None:
    return None if given is None or given == "" else str(given)


def _context(said: dict[str, Any]) -> Record | None:
    """Device, place and language; what has an unexpected shape is as if it were not said."""
    country = _text(_within(said, "location", "country"))
    context = {
        "device": _text(_within(said, "device", "type")),
        "timezone": _text(said.get("timezone")),
        "country": country and country.upper(),
        "locale": _text(said.get("locale")),
        "user_agent": _text(said.get("userAgent")),
    }
    return context if any(context.values()) else None


def _within(said: dict[str, Any], outer: str, inner: str) -> object:
    part = said.get(outer)
    return part.get(inner) if isinstance(part, dict) else None


def _text(value: object) -> str | None:
    return value[:1024] if isinstance(value, str) and value else None
