"""Turn one record of an input topic into the event that rules see, or say why it is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from connectors.avro_reader import reader
from connectors.money import MAX_MINOR
from connectors.rejected import Reason, Rejected
from connectors.segment_times import EARLIEST, LATEST
from connectors.send_events import read_send
from connectors.topics import INPUTS
from connectors.vocabulary import topic_for
from connectors.wire import HEADER_BYTES, Record, decode, newest, read
from udfs.events import ERASURE, Context, Event, Kind, Line
from udfs.time import Millis

MAX_VALUE_BYTES = 256 * 1024  # bounds the time that one record can take
MAX_TEXT = 256
MAX_QUANTITY = 1_000_000
MAX_LINES = 1_000

_TOPIC = tuple(topic.name for topic in INPUTS)
_NEWEST = tuple(newest()[topic.subject] for topic in INPUTS)
_HEADER = tuple(version.header for version in _NEWEST)


def read_event(
    kind: Kind, key: bytes | None, value: bytes | None, record_time: Millis, effective: Millis
) -> Event | Rejected:
    """The event in a record of the input topic `kind`; `record_time` is Kafka's, `effective` the one it counts at."""
    if not key:
        return Rejected(Reason.KEY_MISSING, "the record has no key")
    if value is None:
        return _erasure(kind, key, record_time, effective)
    if len(value) > MAX_VALUE_BYTES:
        return Rejected(Reason.TOO_LARGE, f"{len(value)} bytes, at most {MAX_VALUE_BYTES} are read")
    if kind is Kind.SEND:
        return read_send(key, value, record_time, effective)
    record = _record(kind, value)
    if isinstance(record, Rejected):
        return record
    user = record["user_id"] or record["anonymous_id"]
    refusal = _disagreement(kind, user, key, record, record_time)
    if refusal is not None:
        return refusal
    try:
        return _BUILD[kind](user, effective, effective != record_time, record)
    except ImplausibleError as error:
        return Rejected(Reason.IMPLAUSIBLE, str(error))


class ImplausibleError(ValueError):
    """A value that decodes and yet cannot be."""


def _record(kind: Kind, value: bytes) -> Record | Rejected:
    """The record, its products as lines already; those of a record that is somehow unusual as dictionaries."""
    if value[:HEADER_BYTES] == _HEADER[kind]:
        try:
            record, end = _EYES[kind](value, HEADER_BYTES)
            if end == len(value):
                return record
        except Exception:  # anything unusual, implausible or damaged: the next line finds out which
            pass
        return read(_NEWEST[kind], value)
    decoded = decode(value, _NEWEST[kind].subject)
    return decoded if isinstance(decoded, Rejected) else decoded[1]


def _erasure(kind: Kind, key: bytes, record_time: Millis, effective: Millis) -> Event | Rejected:
    try:
        user = key.decode()
    except UnicodeDecodeError:
        return Rejected(Reason.KEY_MISMATCH, "an erasure whose key is not UTF-8")
    return Event(user, effective, kind, ERASURE, f"{ERASURE}:{record_time}", effective != record_time)


def _disagreement(kind: Kind, user: str | None, key: bytes, record: Record, record_time: Millis) -> Rejected | None:
    if not user or user.encode() != key:
        return Rejected(Reason.KEY_MISMATCH, "the key is neither the record's user_id nor its anonymous_id")
    if record["timestamp"] != record_time:
        return Rejected(Reason.TIME_MISMATCH, f"the record says {record['timestamp']}, Kafka {record_time}")
    if not EARLIEST <= record_time < LATEST:
        return Rejected(Reason.IMPLAUSIBLE, f"timestamp {record_time} is not between 2000 and 2100")
    name = record["event"]
    if not 0 < len(name) <= MAX_TEXT or not 0 < len(record["message_id"]) <= MAX_TEXT or len(key) > MAX_TEXT:
        return Rejected(Reason.IMPLAUSIBLE, f"event, message_id or key is empty or longer than {MAX_TEXT}")
    if topic_for(name) != _TOPIC[kind]:
        return Rejected(Reason.WRONG_TOPIC, f"{name!r} belongs to {topic_for(name)}")
    return None


def _context(said: Context | Record | None) -> Context | None:
    if said is None or isinstance(said, Context):
        return said
    return Context(*(said[field] for field in _CONTEXT_FIELDS))


def _line(product: Line | Record) -> Line:
    return product if isinstance(product, Line) else _checked(*(product[field] for field in _LINE_FIELDS))


def _checked(product_id: str, variant: Any, quantity: int | None, price: int | None, *shown: Any) -> Line:
    if quantity is not None and not 0 <= quantity <= MAX_QUANTITY:
        raise ImplausibleError(f"quantity {quantity}")
    if price is not None and not 0 <= price <= MAX_MINOR:
        raise ImplausibleError(f"price {price}")
    if not product_id:
        raise ImplausibleError("an empty product_id")
    return Line(product_id, variant, quantity, price, *shown)


def _lines(products: list[Line | Record] | None) -> tuple[Line, ...] | None:
    if products is None:
        return None
    if len(products) > MAX_LINES:
        raise ImplausibleError(f"{len(products)} products")
    return tuple([_line(product) for product in products])


def _click(user: str, at: Millis, late: bool, record: Record) -> Event:
    product = record["product"]
    return Event(
        user,
        at,
        Kind.CLICK,
        record["event"],
        record["message_id"],
        late,
        lines=None if product is None else (_line(product),),
        currency=record["currency"],
        context=_context(record["context"]),
    )


def _cart(user: str, at: Millis, late: bool, record: Record) -> Event:
    product = record["product"]
    return Event(
        user,
        at,
        Kind.CART,
        record["event"],
        record["message_id"],
        late,
        record["cart_id"],
        lines=_lines(record["products"]) if product is None else (_line(product),),
        currency=record["currency"],
        context=_context(record["context"]),
    )


def _order(user: str, at: Millis, late: bool, record: Record) -> Event:
    total = record["total"]
    if total is not None and not 0 <= total <= MAX_MINOR:
        raise ImplausibleError(f"total {total}")
    return Event(
        user,
        at,
        Kind.ORDER,
        record["event"],
        record["message_id"],
        late,
        record["cart_id"],
        record["order_id"],
        _lines(record["products"]),
        total,
        record["currency"],
        context=_context(record["context"]),
    )


def _email(user: str, at: Millis, late: bool, record: Record) -> Event:
    return Event(
        user,
        at,
        Kind.EMAIL,
        record["event"],
        record["message_id"],
        late,
        context=_context(record["context"]),
        campaign=record["campaign"],
        step=record["step"],
        channel=record["channel"],
        bounce=_bounce(record),
        trigger_id=record["trigger_id"],
    )


def _bounce(record: Record) -> str | None:
    """`soft` if the sender says that the mail may be tried again; every other bounce is one for good."""
    said = record["properties"]
    if record["event"] != "Email Bounced" or not said:
        return None
    try:
        properties = msgspec.json.decode(said, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        return None
    kind = properties.get("bounce_type", properties.get("bounceType", properties.get("type")))
    return "soft" if isinstance(kind, str) and kind.lower() in {"soft", "transient"} else None


def _profile(user: str, at: Millis, late: bool, record: Record) -> Event:
    return Event(
        user,
        at,
        Kind.PROFILE,
        record["event"],
        record["message_id"],
        late,
        traits=traits_of(record),
        context=_context(record["context"]),
    )


def traits_of(record: Record) -> dict[str, Any]:
    """All traits of a profile change, those with fields of their own among them; ImplausibleError if they are none."""
    try:
        traits = msgspec.json.decode(record["traits"] or "{}", type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ImplausibleError(f"traits: {error}"[:200]) from error
    for name in ("consent", "email", "first_name", "last_name"):
        if record.get(name) is not None:
            traits[name] = record[name]
    return traits


_BUILD: tuple[Callable[[str, Millis, bool, Record], Event], ...] = (_profile, _click, _cart, _order, _email)
_LINE_FIELDS = ("product_id", "variant", "quantity", "price", "name", "category", "image_url", "url")
_CONTEXT_FIELDS = ("device", "timezone", "country", "locale")
_EYES = tuple(
    reader(
        version.schema,
        {"Product": (_checked, _LINE_FIELDS), "Context": (Context, _CONTEXT_FIELDS)},
        ("original_timestamp", "sent_at", "received_at"),
    )
    for version in _NEWEST
)
