"""What comes off the wire is a whole record of the right schema, or a reason."""

from __future__ import annotations

import io
import json
import time
from importlib.resources import files
from random import Random
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import wire
from connectors.input_events import MAX_VALUE_BYTES, read_event
from connectors.rejected import Reason, Rejected
from connectors.topics import INPUTS, KEPT, kind_of, topic_of
from connectors.wire import HEADER_BYTES, decode, encode, heartbeat, newest, schema_id, versions
from tests.calls import AT, ONE_OF_EACH, call, sent
from tests.disturb import Sent
from tests.garbage import KINDS, make, spoil
from udfs.events import ERASURE, Event, Kind, Line

ENVELOPE = {"message_id": "m", "type": "identify", "event": "identify", "user_id": "u", "timestamp": AT}
GOOD = [sent(each) for each in ONE_OF_EACH]


def read(record: Sent, at: int | None = None) -> Event | Rejected:
    at = record.at if at is None else at
    return read_event(kind_of(record.topic), record.key, record.value, at, at)


def reason(result: object) -> Reason:
    assert isinstance(result, Rejected), result
    return result.reason


def values(schema: Any, named: dict[str, Any] | None = None) -> st.SearchStrategy[Any]:
    """Anything that a schema allows."""
    named = {} if named is None else named
    if isinstance(schema, list):
        return st.one_of([values(branch, named) for branch in schema])
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "record":
        made = st.fixed_dictionaries({field["name"]: values(field["type"], named) for field in schema["fields"]})
        named[schema["name"].rpartition(".")[2]] = made
        return made
    if kind == "array":
        return st.lists(values(schema["items"], named), max_size=3)
    if kind == "map":
        return st.dictionaries(st.text(max_size=5), values(schema["values"], named), max_size=3)
    if kind == "enum":
        return st.sampled_from(schema["symbols"])
    simple: dict[str, st.SearchStrategy[Any]] = {
        "null": st.none(),
        "string": st.text(max_size=100),
        "long": st.integers(-(2**63), 2**63 - 1),
        "int": st.integers(-(2**31), 2**31 - 1),
        "boolean": st.booleans(),
        "bytes": st.binary(max_size=100),
    }
    return simple[kind] if kind in simple else named[kind.rpartition(".")[2]]


@pytest.mark.parametrize("subject", sorted(newest()))
def test_our_bytes_are_the_ones_that_fastavro_writes(subject: str) -> None:
    """The fast writer is a shortcut, not a dialect."""
    text = files("avro_schemas").joinpath(newest()[subject].file).read_text()

    @settings(max_examples=30, deadline=None)
    @given(values(json.loads(text)))
    def same(record: dict[str, Any]) -> None:
        reference = io.BytesIO()
        fastavro.schemaless_writer(reference, newest()[subject].schema, record)
        assert encode(subject, record) == newest()[subject].header + reference.getvalue()
        assert decode(encode(subject, record), subject) == (subject, record)

    same()


@pytest.mark.parametrize("wrong", [{"user_id": 7}, {"user_id": None}, {"at": 1 << 70}, {"at": 1.5}, {"change": "stay"}])
def test_a_record_that_does_not_fit_its_schema_is_not_written(wrong: dict[str, Any]) -> None:
    """Half a record on a topic is worse than an exception here."""
    whole = {"user_id": "u", "segment": "hot", "change": "enter", "at": 1, "cause": "event"}
    with pytest.raises((KeyError, AttributeError, TypeError, OverflowError)):
        encode("segment-changes", whole | wrong)


def test_a_record_that_lacks_a_field_is_not_written() -> None:
    """Only a default may be left out."""
    with pytest.raises(KeyError, match="segment"):
        encode("segment-changes", {"user_id": "u", "change": "enter", "at": 1, "cause": "event"})


def test_every_good_record_becomes_its_event() -> None:
    """The reference for all that is refused below."""
    events = [read(record) for record in GOOD]
    assert [event.name for event in events if isinstance(event, Event)] == [
        "identify",
        "Product Viewed",
        "Product Added",
        "Cart Viewed",
        "Order Completed",
        "Email Clicked",
    ]


def test_an_event_carries_what_rules_need() -> None:
    """Minor units, lines, cart and place come through; what is unsaid is None."""
    event = read(sent(call("Product Added", product_id="p1", quantity=2, price=12.5, cart_id="c1", currency="EUR")))
    assert isinstance(event, Event)
    assert event.lines == (Line("p1", quantity=2, price=1250),)
    assert (event.user, event.at, event.kind, event.cart_id, event.currency) == ("u_0412", AT, Kind.CART, "c1", "EUR")
    assert event.context is not None
    assert event.context.timezone == "Europe/Lisbon"


def test_a_late_event_counts_at_its_effective_time() -> None:
    """The record keeps its own time, which agrees with Kafka's; only where it counts is moved."""
    record = GOOD[1]
    event = read_event(kind_of(record.topic), record.key, record.value, record.at, record.at + 7_000)
    assert isinstance(event, Event)
    assert (event.at, event.late) == (record.at + 7_000, True)


def test_traits_join_what_the_schema_models_with_what_it_keeps() -> None:
    """Rules see one dictionary of traits."""
    event = read(GOOD[0])
    assert isinstance(event, Event)
    assert event.traits == {
        "email": "ana@shop.example",
        "first_name": "Ana",
        "consent": {"marketing": True},
        "country": "PT",
    }


def test_a_null_value_under_a_key_is_an_erasure() -> None:
    """It must reach the rules: they forget the person."""
    event = read_event(Kind.PROFILE, b"u_0412", None, AT, AT)
    assert isinstance(event, Event)
    assert (event.name, event.user) == (ERASURE, "u_0412")


def test_a_record_without_key_is_refused() -> None:
    """Its person is unknown, so its shard is."""
    assert reason(read_event(Kind.CART, None, GOOD[2].value, AT, AT)) == Reason.KEY_MISSING
    assert reason(read_event(Kind.CART, b"", None, AT, AT)) == Reason.KEY_MISSING


def test_an_erasure_under_an_unreadable_key_is_refused() -> None:
    """No person can be meant by it."""
    assert reason(read_event(Kind.CART, b"\xff\xfe", None, AT, AT)) == Reason.KEY_MISMATCH


def test_key_user_and_time_must_agree() -> None:
    """A record under a neighbour's key or time would change the neighbour."""
    assert reason(read(GOOD[2]._replace(key=b"u_0413"))) == Reason.KEY_MISMATCH
    assert reason(read(GOOD[2], at=AT + 1)) == Reason.TIME_MISMATCH


def test_an_event_on_the_wrong_topic_is_refused() -> None:
    """An order in the clickstream would stop no mail; better to say so."""
    value = encode("clickstream", {"message_id": "m", "event": "Order Completed", "user_id": "u", "timestamp": AT})
    assert reason(read_event(Kind.CLICK, b"u", value, AT, AT)) == Reason.WRONG_TOPIC


@pytest.mark.parametrize(
    "line", [{"quantity": -1}, {"quantity": 10**9}, {"price": -1}, {"price": 2**60}, {"product_id": ""}]
)
def test_what_cannot_be_is_refused(line: dict[str, Any]) -> None:
    """A flipped bit in a number often makes it absurd."""
    record = {"message_id": "m", "event": "Product Added", "user_id": "u", "timestamp": AT}
    value = encode("cart", record | {"product": {"product_id": "p"} | line})
    assert reason(read_event(Kind.CART, b"u", value, AT, AT)) == Reason.IMPLAUSIBLE


def test_a_cart_of_thousands_of_lines_is_refused() -> None:
    """It would live in the state and in a mail."""
    record = {"message_id": "m", "event": "Cart Viewed", "user_id": "u", "timestamp": AT}
    value = encode("cart", record | {"products": [{"product_id": "p"}] * 1001})
    assert reason(read_event(Kind.CART, b"u", value, AT, AT)) == Reason.IMPLAUSIBLE


@pytest.mark.parametrize("at", [0, 1_767_261_600, 2**62, -(2**63)])
def test_an_absurd_time_is_refused(at: int) -> None:
    """Seconds for milliseconds, or noise that happens to agree."""
    value = encode("cart", {"message_id": "m", "event": "Cart Viewed", "user_id": "u", "timestamp": at})
    assert reason(read_event(Kind.CART, b"u", value, at, at)) == Reason.IMPLAUSIBLE


def test_broken_traits_are_refused() -> None:
    """The schema only says text; the event needs JSON."""
    value = encode(
        "profile-changes",
        {"message_id": "m", "type": "identify", "event": "identify", "user_id": "u", "timestamp": AT, "traits": "[1"},
    )
    assert reason(read_event(Kind.PROFILE, b"u", value, AT, AT)) == Reason.IMPLAUSIBLE


@pytest.mark.parametrize("record", GOOD, ids=lambda record: record.topic)
def test_trailing_bytes_are_garbage(record: Sent) -> None:
    """What a decoder leaves over it has not understood."""
    assert record.value is not None
    assert reason(read(record._replace(value=record.value + b"\x00"))) == Reason.TRAILING_BYTES


@pytest.mark.parametrize("record", GOOD, ids=lambda record: record.topic)
def test_no_cut_goes_unnoticed(record: Sent) -> None:
    """Every shorter piece of a record is refused."""
    assert record.value is not None
    reasons = {reason(read(record._replace(value=record.value[:end]))) for end in range(len(record.value))}
    assert reasons <= {Reason.NOT_FRAMED, Reason.UNDECODABLE}


def test_the_reasons_of_the_framing() -> None:
    """Each fault of the five bytes has its own name."""
    body = (GOOD[2].value or b"")[HEADER_BYTES:]
    framings = {b"\x01\x00\x00\x00\x03": Reason.NOT_FRAMED, b"\x00\x00\x00\x99\x99": Reason.UNKNOWN_SCHEMA}
    for framing, expected in framings.items():
        assert reason(read(GOOD[2]._replace(value=framing + body))) == expected
    assert reason(read(GOOD[2]._replace(value=GOOD[4].value))) == Reason.WRONG_SCHEMA


def test_a_heartbeat_is_framed_and_empty() -> None:
    """It counts in time and is nobody's event."""
    for topic in KEPT:
        assert schema_id(heartbeat(topic.subject)) == newest()[topic.subject].id
        assert len(heartbeat(topic.subject)) == HEADER_BYTES


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_garbage_is_refused_or_reads_as_a_whole_event(kind: str, seed: int) -> None:
    """Nothing raises; what is not an event has a reason."""
    dice = Random(seed)
    piece = spoil(dice.choice(GOOD), kind, dice)
    result = read(piece.sent)
    assert isinstance(result, Event | Rejected)
    assert (piece.refusal is None) == isinstance(result, Event)
    if kind in ("wrong_schema_id", "truncated", "foreign_schema"):
        assert isinstance(result, Rejected)


@settings(max_examples=300, deadline=None)
@given(kind=st.sampled_from(sorted(KINDS)), seed=st.integers(0, 2**32))
def test_the_fast_reader_never_contradicts_fastavro(kind: str, seed: int) -> None:
    """What is refused, why, and what a damaged record that is not refused says: fastavro has the last word."""
    dice = Random(seed)
    record = spoil(dice.choice(GOOD), kind, dice).sent
    value = newest()[record.topic].header + (record.value or b"")[HEADER_BYTES:]
    assert wire.read(newest()[record.topic], value) == wire.judge(newest()[record.topic], value)


def test_unusual_spellings_are_read_as_fastavro_reads_them() -> None:
    """Other writers may split lists into blocks, say their sizes, or pad a number."""
    consent = encode("profile-changes", ENVELOPE | {"consent": {"a": True, "b": False}})
    plain = b"\x04\x02a\x01\x02b\x00\x00"
    assert plain in consent
    for spelling in (
        b"\x02\x02a\x01\x02\x02b\x00\x00",  # two blocks
        b"\x03\x0c\x02a\x01\x02b\x00\x00",  # two entries, their bytes counted
        b"\x84\x00\x02a\x01\x02b\x00\x00",  # a padded count
    ):
        value = consent.replace(plain, spelling)
        assert decode(value) == decode(consent)


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(list(Kind)[: Kind.CAMPAIGN]),
    key=st.binary(max_size=8),
    body=st.binary(max_size=300),
    framed=st.booleans(),
)
def test_any_bytes_at_all_are_answered(kind: Kind, key: bytes, body: bytes, framed: bool) -> None:
    """The hot path has no bytes to fear."""
    value = newest()[topic_of(kind).subject].header + body if framed else body
    assert isinstance(read_event(kind, key, value, AT, AT), Event | Rejected)


@pytest.mark.parametrize("size", [MAX_VALUE_BYTES, 900_000])
@pytest.mark.parametrize("filling", [b"\x00", b"\x02", b"\x01", b"\xff", b"\x80", b"\x02\x61\x00"])
def test_no_record_takes_long(size: int, filling: bytes) -> None:
    """A bomb costs no more than its bytes; measured in time of our own thread."""
    for topic in INPUTS:
        value = newest()[topic.subject].header + (filling * size)[: size - HEADER_BYTES]
        began = time.thread_time()
        assert isinstance(read_event(kind_of(topic.name), b"u", value, AT, AT), Rejected)
        assert time.thread_time() - began < 0.5


def test_a_list_that_claims_to_be_endless_is_refused_at_once() -> None:
    """The count of an array is only a claim; what is not there cannot be read."""
    value = encode("cart", {"message_id": "m", "event": "Cart Viewed", "user_id": "u", "timestamp": AT, "products": []})
    place = value.rindex(b"\x02\x00\x00")  # the list is there, it is empty, and there is no currency
    for count in (b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"):
        bomb = value[: place + 1] + count + value[place + 1 :]
        assert isinstance(read_event(Kind.CART, b"u", bomb, AT, AT), Rejected)


def test_the_garbage_maker_covers_every_topic_and_kind_and_repeats_itself() -> None:
    """A failing seed can be run again."""
    pieces = make(GOOD, share=0.01, seed=7)
    assert pieces == make(GOOD, share=0.01, seed=7)
    assert {(piece.sent.topic, piece.spoilt_by) for piece in pieces} == {
        (topic.name, kind) for topic in INPUTS for kind in KINDS
    }


def test_ids_are_unique() -> None:
    """The id alone says how to read the rest."""
    assert [version.id for version in versions().values()] == list(versions())
