"""A line in Segment's spec straight to the event that a job would read: the usual at once, the rest the long way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from connectors.input_events import MAX_LINES, MAX_QUANTITY, read_event, traits_of
from connectors.money import exponent, to_minor
from connectors.quick_shapes import Amount, Call, Product, Properties, Said, Text
from connectors.rejected import Rejected
from connectors.segment_properties import BadPropertyError, model_traits
from connectors.segment_spec import ACTS, parse
from connectors.segment_times import EARLIEST, LATEST, event_time, to_millis
from connectors.topics import BY_NAME, kind_of
from connectors.vocabulary import IDENTIFY, RESERVED, topic_for
from connectors.wire import encode
from udfs.events import Context, Event, Kind, Line
from udfs.time import Millis

fromisoformat: Any = datetime.fromisoformat
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LONG_LINE = 32 * 1024
_LONG_ID = 64  # characters; at most four bytes each, so within what a record may hold
_BOUNCED = "Email Bounced"  # says in several spellings whether it is for good


class _UnusualError(ValueError):
    """This call takes the long way."""


_decoder = msgspec.json.Decoder(Call)
_NOTHING = Properties()


def event_of(line: bytes) -> Event | Rejected:
    """The event of a line of history at its own time, the same that `event_by_the_long_way` finds."""
    try:
        if len(line) > _LONG_LINE:
            raise _UnusualError
        return _usual(_decoder.decode(line))
    except (ValueError, TypeError, OverflowError, RecursionError):  # msgspec's errors are ValueErrors
        return event_by_the_long_way(line)


def event_by_the_long_way(line: bytes) -> Event | Rejected:
    """As `ingest --history` writes it and a job reads it."""
    call = parse(line, None)
    if isinstance(call, Rejected):
        return call
    value = encode(BY_NAME[call.topic].subject, call.record)
    return read_event(kind_of(call.topic), call.key, value, call.at, call.at)


def _usual(call: Call) -> Event:
    name = _name(call)
    kind = kind_of(topic_for(name))
    user, anonymous = _id(call.user_id), _id(call.anonymous_id)
    message = _id(call.message_id)
    if (user or anonymous) is None or message is None:
        raise _UnusualError
    at = _time(call)
    who = user or anonymous
    assert who is not None
    context = _context(call.context) if call.context else None
    if kind is Kind.PROFILE:
        return Event(who, at, kind, name, message, traits=_traits(call), context=context)
    said = call.properties or _NOTHING
    if kind is Kind.CLICK:
        if not name.startswith("Product ") or (said.product_id is UNSET and said.sku is UNSET):
            return Event(who, at, kind, name, message, context=context)
        currency = _currency(said.currency)
        return Event(who, at, kind, name, message, lines=(_line(said, currency),), currency=currency, context=context)
    if kind is Kind.EMAIL:
        return _email(Event(who, at, kind, name, message, context=context), said)
    currency = _currency(said.currency)
    if kind is Kind.CART and name in ("Product Added", "Product Removed"):
        lines: tuple[Line, ...] | None = (_line(said, currency),)
    else:
        lines = _lines(said.products, currency)
    cart_id = _text(said.cart_id)
    if kind is Kind.CART:
        return Event(who, at, kind, name, message, cart_id=cart_id, lines=lines, currency=currency, context=context)
    return Event(
        who, at, kind, name, message, False, cart_id, _text(said.order_id), lines, _total(said, currency), currency,
        context=context,
    )  # fmt: skip


def _time(call: Call) -> Millis:
    stamps = (call.original_timestamp, call.sent_at, call.received_at)
    at: Millis | Rejected
    if call.timestamp.__class__ is str:
        at = (fromisoformat(call.timestamp) - _EPOCH) // _MILLISECOND  # TypeError if it names no offset
        for stamp in stamps:
            if stamp is not None and stamp.__class__ is str:
                fromisoformat(stamp)
    else:
        original, sent, received = map(to_millis, stamps)
        at = event_time(to_millis(call.timestamp), original, sent, received, None)
    if isinstance(at, Rejected) or not EARLIEST <= at < LATEST:
        raise _UnusualError
    return at


def _name(call: Call) -> str:
    if call.type == "track":
        name = call.event
        if not name or call.name or len(name) > _LONG_ID or name[0] == RESERVED or name == IDENTIFY:
            raise _UnusualError
        return name
    if call.type not in ACTS:
        raise _UnusualError
    return ACTS[call.type]


def _id(given: Text) -> str | None:
    if given is None or given == "":
        return None
    text = str(given)
    if len(text) > _LONG_ID or text[0] == RESERVED:
        raise _UnusualError
    return text


def _text(given: Text | UnsetType) -> str | None:
    if given is None or given is UNSET:
        return None
    return (given if given.__class__ is str else str(given)) or None


def _line(said: Product, currency: str | None) -> Line:
    return _shared_line(
        said.product_id,
        said.sku,
        said.variant,
        said.quantity,
        said.price,
        said.name,
        said.category,
        said.image_url,
        said.url,
        currency,
    )


@lru_cache(maxsize=65536)
def _shared_line(
    product_id: Text | UnsetType,
    sku: Text | UnsetType,
    variant: Text,
    quantity: int | None,
    price: Amount,
    name: Text,
    category: Text,
    image_url: Text,
    url: Text,
    currency: str | None,
) -> Line:
    product = _text(product_id) or _text(sku)
    if product is None or (quantity is not None and not 0 <= quantity <= MAX_QUANTITY):
        raise _UnusualError
    minor = None if price is None else to_minor(price, exponent(currency))
    return Line(product, _text(variant), quantity, minor, _text(name), _text(category), _text(image_url), _text(url))


def _lines(products: list[Product] | None, currency: str | None) -> tuple[Line, ...] | None:
    if products is None:
        return None
    if len(products) > MAX_LINES:
        raise _UnusualError
    return tuple([_line(product, currency) for product in products])


def _total(said: Properties, currency: str | None) -> int | None:
    for amount in (said.total, said.revenue, said.value):
        if amount is not None:
            return to_minor(amount, exponent(currency))
    return None


@lru_cache(maxsize=1024)
def _currency(given: str | None) -> str | None:
    if given is None or given == "":
        return None
    if len(given) != 3 or not given.isascii() or not given.isalpha():
        raise _UnusualError
    return given.upper()


def _email(event: Event, said: Properties) -> Event:
    if event.name == _BOUNCED or (said.step is not None and not 0 < said.step < 1000):
        raise _UnusualError
    return Event(
        event.user,
        event.at,
        event.kind,
        event.name,
        event.message_id,
        context=event.context,
        campaign=_text(said.campaign) or _text(said.campaign_id),
        step=said.step,
        channel=_text(said.channel),
    )


def _traits(call: Call) -> dict[str, object]:
    try:
        return traits_of(model_traits(call.traits or {}))
    except BadPropertyError as error:
        raise _UnusualError from error


def _context(said: Said) -> Context | None:
    device, country = said.device and said.device.type, said.location and said.location.country
    return _shared_context(device, said.timezone, country, said.locale, said.user_agent)


@lru_cache(maxsize=4096)
def _shared_context(
    device: str | None, timezone: str | None, country: str | None, locale: str | None, user_agent: str | None
) -> Context | None:
    texts = (device, timezone, country, locale, user_agent)
    if not any(texts):
        return None
    if any(text and len(text) > 1024 for text in texts):
        raise _UnusualError
    return Context(device or None, timezone or None, country.upper() if country else None, locale or None)
