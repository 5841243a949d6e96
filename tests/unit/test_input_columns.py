"""Reading a tick as columns gives every record the verdict that reading it alone gives, whatever its neighbours are."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import input_columns
from connectors.coordinates import TOPIC_SHIFT
from connectors.glued import BLOCK, Glue
from connectors.input_columns import read_columns
from connectors.input_events import MAX_VALUE_BYTES, read_event
from connectors.raw_tick import RawTick
from connectors.topics import INPUTS, kind_of
from connectors.wire import HEADER_BYTES, encode, newest
from tests.calls import AT, ONE_OF_EACH, call, sent
from tests.disturb import Sent
from tests.garbage import KINDS, spoil
from udfs.events import Event, Kind

GOOD = [sent(each) for each in ONE_OF_EACH]
GLUED = [record for record in GOOD if record.topic in ("clickstream", "cart", "purchase")]
Row = tuple[str, int, str, str]


@pytest.fixture(autouse=True)
def _columns_for_every_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_columns, "SMALLEST", 1)


def tick_of(records: list[Sent]) -> RawTick:
    places = [(kind_of(record.topic) << TOPIC_SHIFT) | offset for offset, record in enumerate(records)]
    times = [record.at for record in records]
    return RawTick([r.key for r in records], [r.value for r in records], places, times, times)


def as_columns(tick: RawTick) -> tuple[list[Row], list[int]]:
    frame, rest = read_columns(tick)
    return sorted(frame.select("user", "at", "name", "message_id").rows()), sorted(rest)


def alone(tick: RawTick, place: int, value: bytes | None) -> Row | None:
    kind = Kind(tick.coordinates[place] >> TOPIC_SHIFT)
    event = read_event(kind, tick.keys[place], value, tick.times[place], tick.effective[place])
    return (event.user, event.at, event.name, event.message_id) if isinstance(event, Event) else None


def mended(tick: RawTick, place: int) -> Row | None:
    """What the record says if some of its bytes were meant to be the 2 that announces a value; None if that is no help.

    Three such bytes in one record are enough: bits are flipped at random, and few bytes announce.
    """
    value = tick.values[place] or b""
    suspects = [at for at in range(HEADER_BYTES, len(value)) if value[at] not in (0, 2)]
    for many in (1, 2, 3):
        for places in combinations(suspects, many):
            told = bytearray(value)
            for at in places:
                told[at] = 2
            if row := alone(tick, place, bytes(told)):
                return row
    return None


def same_verdicts(records: list[Sent]) -> None:
    """The one difference: where a value is announced by another number than 1, Polars reads the value all the same."""
    tick = tick_of(records)
    rows, rest = as_columns(tick)
    taken = [place for place in range(len(records)) if place not in rest]
    assert rows == sorted(
        row for place in taken if (row := alone(tick, place, tick.values[place]) or mended(tick, place))
    )


def test_good_records_become_columns() -> None:
    """Only what the columns do not read at all, such as traits, is left to be read one by one."""
    rows, rest = as_columns(tick_of(GOOD))
    assert len(rows) == len(GLUED)
    assert {GOOD[place].topic for place in rest} <= {"profile-changes", "email-events"}


@settings(max_examples=250, deadline=None)
@given(seed=st.integers(0, 2**32), damaged=st.integers(1, 3))
def test_a_damaged_record_among_good_ones_has_the_verdict_that_it_has_alone(seed: int, damaged: int) -> None:
    """The guards behind each record: no damage slips through, and none reaches a neighbour."""
    dice = Random(seed)
    records = [dice.choice(GLUED) for _ in range(12)]
    for place in dice.sample(range(12), damaged):
        records[place] = spoil(records[place], dice.choice(sorted(KINDS)), dice).sent
    same_verdicts(records)


@settings(max_examples=300, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_every_byte_matters_also_where_no_column_looks(seed: int) -> None:
    """Texts that are not UTF-8, an unknown call type, a length that reaches beyond the end."""
    dice = Random(seed)
    record = dice.choice(GLUED)
    value = bytearray(record.value or b"")
    value[dice.randrange(HEADER_BYTES, len(value))] = dice.choice([0, 1, 2, 3, 4, 10, 0x7F, 0x80, 0xC3, 0xFF])
    same_verdicts([dice.choice(GLUED), record._replace(value=bytes(value)), dice.choice(GLUED)])


@settings(max_examples=200, deadline=None)
@given(kind=st.sampled_from([Kind.CLICK, Kind.CART, Kind.ORDER]), body=st.binary(max_size=200))
def test_any_bytes_at_all_are_answered(kind: Kind, body: bytes) -> None:
    """Polars panics on some of them; the worker does not die of it."""
    same_verdicts([Sent(INPUTS[kind].name, b"u", newest()[INPUTS[kind].subject].header + body, AT)])


@pytest.mark.parametrize(
    "line",
    [
        {"product_id": "", "quantity": 1},
        {"product_id": "p", "quantity": -1},
        {"product_id": "p", "quantity": 10**7},
        {"product_id": "p", "price": -1},
        {"product_id": "p", "price": 2**62},
    ],
)
@pytest.mark.parametrize("topic", ["clickstream", "cart", "purchase"])
def test_what_cannot_be_is_left_to_the_reader_that_refuses_it(topic: str, line: dict[str, object]) -> None:
    """Sizes are looked at in columns too."""
    name = {"clickstream": "Product Viewed", "cart": "Cart Viewed", "purchase": "Order Completed"}[topic]
    said = {"message_id": "m", "event": name, "user_id": "u", "timestamp": AT}
    said |= {"product": line} if topic == "clickstream" else {"products": [line]}
    same_verdicts([Sent(topic, b"u", encode(topic, said), AT)] * 2)


@pytest.mark.parametrize(
    "change",
    [
        {"key": b"somebody"},
        {"key": None},
        {"key": b""},
        {"at": AT + 1},
        {"at": 1},
        {"value": None},
        {"value": b""},
    ],
)
def test_key_user_and_time_must_agree_in_columns_too(change: dict[str, object]) -> None:
    """The record beside the changed one is taken all the same."""
    good = sent(call("Product Viewed", product_id="p1"))
    records = [good, good._replace(**change), good]  # type: ignore[arg-type]
    same_verdicts(records)
    assert as_columns(tick_of(records))[1] == [1]


@pytest.mark.parametrize("count", [b"\xfe" + b"\xff" * 8 + b"\x01", b"\xff" * 9 + b"\x01", b"\xfe\xff\xff\xff\x7f"])
def test_a_list_that_claims_to_be_endless_costs_nothing(count: bytes) -> None:
    """The count of an array is only a claim; nobody sets memory aside for it."""
    value = encode("cart", {"message_id": "m", "event": "Cart Viewed", "user_id": "u", "timestamp": AT, "products": []})
    place = value.rindex(b"\x02\x00\x00")
    same_verdicts([Sent("cart", b"u", value[: place + 1] + count + value[place + 1 :], AT)] * 3)


def test_a_record_that_is_too_large_is_not_glued() -> None:
    """Its time is its own."""
    large = encode("clickstream", {"message_id": "m", "event": "x" * MAX_VALUE_BYTES, "user_id": "u", "timestamp": AT})
    assert as_columns(tick_of([Sent("clickstream", b"u", large, AT)]))[1] == [0]


def test_a_tick_larger_than_a_block_is_read_whole() -> None:
    """Several containers make one frame."""
    record = sent(call("Product Viewed", product_id="p1"))
    frame, refused = Glue(newest()["clickstream"]).read([record.value or b""] * (BLOCK + 7))
    assert (frame.height, refused) == (BLOCK + 7, [])
