"""The calls of the shop as the records that `ingest` makes of them, and as the events that a job reads from those."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from connectors.input_events import read_event
from connectors.segment_spec import Parsed, parse
from connectors.topics import kind_of
from connectors.wire import encode
from tests.baskets.diary import Call
from tests.disturb import Sent
from udfs.events import Event
from udfs.time import Millis


def as_records(calls: Iterable[tuple[Millis, Call]]) -> Iterator[Sent]:
    """Validated and encoded as history is; AssertionError if one of them is refused."""
    for at, call in calls:
        parsed = parse(msgspec.json.encode(call), None)
        assert isinstance(parsed, Parsed), f"{parsed} for {call}"
        assert parsed.at == at
        yield Sent(parsed.topic, parsed.key, encode(parsed.topic, parsed.record), parsed.at)


def as_events(records: Iterable[Sent]) -> Iterator[Event]:
    """Decoded and checked as a job does, each at its own time; AssertionError if one of them is refused."""
    for record in records:
        event = read_event(kind_of(record.topic), record.key, record.value, record.at, record.at)
        assert isinstance(event, Event), f"{event} for {record}"
        yield event
