"""A line in Segment's spec becomes one record under the right key, time and topic, or a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.money import exponent, to_minor
from connectors.rejected import Reason, Rejected
from connectors.segment_spec import Parsed, parse
from connectors.topics import BY_NAME
from connectors.wire import encode
from tests.calls import AT, MUG, call, identify
from udfs.time import DAY, MINUTE, SECOND


def parsed(given_call: dict[str, Any], now: int | None = None) -> Parsed:
    result = parse(json.dumps(given_call).encode(), now)
    assert isinstance(result, Parsed), result
    return result


def refused(given_call: object, now: int | None = None) -> Reason:
    result = parse(json.dumps(given_call).encode(), now)
    assert isinstance(result, Rejected), result
    return result.reason


def kept(record: dict[str, Any]) -> Any:
    return json.loads(record["properties"] or "{}")


def without(given_call: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given_call.items() if name not in names}


def test_a_call_becomes_record_key_time_and_topic() -> None:
    """The whole way once."""
    result = parsed(call("Product Added", cart_id="c1", currency="eur", coupon="SPRING", **MUG))
    assert (result.topic, result.key, result.at) == ("cart", b"u_0412", AT)
    assert result.record["product"] == {
        "product_id": "p1",
        "variant": "blue",
        "quantity": 2,
        "price": 1250,
        "name": "Mug",
        "url": "https://shop.example/p1",
        "sku": None,
        "category": None,
        "image_url": None,
    }
    assert (result.record["cart_id"], result.record["currency"]) == ("c1", "EUR")
    assert kept(result.record) == {"coupon": "SPRING"}


@pytest.mark.parametrize("missing", ["messageId", "type", "event", "userId", "timestamp"])
def test_what_a_call_must_have(missing: str) -> None:
    """Each of them decides where the record goes or whether it counts twice."""
    assert refused(without(call("Cart Viewed"), missing)) == Reason.FIELD_MISSING


@pytest.mark.parametrize("empty", ["messageId", "userId", "event"])
def test_empty_is_missing(empty: str) -> None:
    """An empty id would be one person for everybody."""
    assert refused(call("Cart Viewed") | {empty: ""}) == Reason.FIELD_MISSING


def test_the_key_is_the_user_else_the_device() -> None:
    """Merging the two comes later; the record carries both."""
    anonymous = without(call("Cart Viewed"), "userId") | {"anonymousId": "device-1"}
    assert parsed(anonymous).key == b"device-1"
    both = parsed(anonymous | {"userId": "u_1"})
    assert (both.key, both.record["anonymous_id"]) == (b"u_1", "device-1")


@pytest.mark.parametrize("line", [b"{", b"\xff\xfe", b"", b'{"messageId": NaN}', b'"\\ud800"'])
def test_what_is_no_json_is_refused(line: bytes) -> None:
    """Any bytes can stand in a file."""
    result = parse(line, None)
    assert isinstance(result, Rejected)
    assert result.reason == Reason.NOT_JSON


def test_a_nest_of_lists_is_refused() -> None:
    """Its depth would be our recursion."""
    nest = b'{"messageId": "m", "type": "track", "properties": {"a": ' + b"[" * 100_000
    result = parse(nest, None)
    assert isinstance(result, Rejected)
    assert result.reason == Reason.NOT_JSON


@pytest.mark.parametrize("value", [[], "text", 7, None])
def test_a_line_must_be_an_object(value: object) -> None:
    """JSON alone is not a call."""
    assert refused(value) == Reason.BAD_VALUE


@pytest.mark.parametrize("kind", ["group", "alias", "delete", ""])
def test_call_types_that_say_nothing_to_us_are_refused(kind: str) -> None:
    """Better a dead letter than a silent loss."""
    assert refused(call("Cart Viewed") | {"type": kind}) == Reason.UNSUPPORTED_TYPE


@pytest.mark.parametrize("event", ["identify", "~erase", "~tide", "x" * 257])
def test_names_that_mean_something_to_us_cannot_be_sent(event: str) -> None:
    """A visitor must not be able to erase a person by an event's name."""
    assert refused(call(event)) == Reason.BAD_VALUE


def test_a_user_cannot_be_called_like_a_heartbeat() -> None:
    """The key of heartbeats is ours."""
    assert refused(call("Cart Viewed", user="~tide")) == Reason.BAD_VALUE


def test_unknown_names_are_kept_whole_in_the_clickstream() -> None:
    """Whatever they carry, even if a known event could not carry it."""
    result = parsed(call("Lamp Rubbed", product_id={"odd": 1}, price="much", wishes=3))
    assert result.topic == "clickstream"
    assert kept(result.record) == {"product_id": {"odd": 1}, "price": "much", "wishes": 3}


def test_a_page_is_never_called_by_its_title() -> None:
    """A page titled Order Completed is no order."""
    page = without(call("", path="/thanks"), "event") | {"type": "page", "name": "Order Completed"}
    result = parsed(page)
    assert (result.topic, result.record["event"], result.record["type"]) == ("clickstream", "Page Viewed", "page")
    assert kept(result.record) == {"path": "/thanks", "name": "Order Completed"}


def test_identify_sorts_out_consent_and_personal_data() -> None:
    """The rest stays as JSON; a trait that is null stays too, where it deletes."""
    traits: dict[str, Any] = {
        "consent": {"marketing": True},
        "email": "a@b.example",
        "lastName": None,
        "loyaltyTier": "gold",
    }
    record = parsed(identify(**traits)).record
    assert (record["consent"], record["email"]) == ({"marketing": True}, "a@b.example")
    assert json.loads(record["traits"]) == {"last_name": None, "loyalty_tier": "gold"}


@pytest.mark.parametrize("consent", [True, "yes", {"marketing": "yes"}, {"marketing": None}, []])
def test_consent_is_said_clearly_or_refused(consent: object) -> None:
    """Nobody is written to on a guess."""
    assert refused(identify(consent=consent)) == Reason.BAD_VALUE


def test_personal_data_is_not_kept_outside_profile_changes() -> None:
    """It could not be erased there."""
    record = parsed(call("Signed Up", email="a@b.example", first_name="Ana", plan="free")).record
    assert kept(record) == {"plan": "free"}


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        (AT, AT),
        ("2026-01-01T10:00:00.123Z", AT),
        ("2026-01-01T11:00:00.123+01:00", AT),
        ("2026-01-01T10:00:00.123999", AT),
        ("2026-01-01", AT - 10 * 60 * MINUTE - 123),
    ],
)
def test_times_are_iso_or_milliseconds(stamp: str | int, expected: int) -> None:
    """Without an offset it is UTC; what is finer than a millisecond is cut."""
    assert parsed(call("Cart Viewed") | {"timestamp": stamp}).at == expected


@pytest.mark.parametrize("stamp", ["yesterday", "", "1767261600123", 1.5, True, {}])
def test_other_times_are_refused(stamp: object) -> None:
    """A guess would be an event at the wrong time."""
    assert refused(call("Cart Viewed") | {"timestamp": stamp}) == Reason.BAD_VALUE


@pytest.mark.parametrize("stamp", [AT // 1000, AT * 1000, 2**62, -(2**62), "1999-12-31T23:59:59Z"])
def test_seconds_and_microseconds_are_not_taken_for_milliseconds(stamp: object) -> None:
    """1767261600 would be an event in January 1970."""
    assert refused(call("Cart Viewed") | {"timestamp": stamp}) == Reason.IMPLAUSIBLE


def test_a_missing_timestamp_is_corrected_by_the_skew_of_the_device() -> None:
    """timestamp = receivedAt - (sentAt - originalTimestamp): only differences of one clock are used."""
    device = AT - 3 * DAY  # its clock is three days slow
    stamps = {"originalTimestamp": device, "sentAt": device + 2 * SECOND, "receivedAt": AT}
    result = parsed(without(call("Cart Viewed"), "timestamp") | stamps)
    assert result.at == AT - 2 * SECOND
    assert result.record["original_timestamp"] == device


def test_the_timestamp_that_somebody_corrected_already_stands() -> None:
    """Its companions are kept and change nothing."""
    stamps = {"originalTimestamp": AT - DAY, "sentAt": AT - DAY, "receivedAt": AT + SECOND}
    assert parsed(call("Cart Viewed") | stamps).at == AT


def test_a_call_without_any_time_of_its_own_happened_when_it_arrived() -> None:
    """Live there is a clock to ask; history has none."""
    timeless = without(call("Cart Viewed"), "timestamp")
    assert parsed(timeless, now=AT).at == AT
    assert parsed(timeless | {"receivedAt": AT}).at == AT
    assert refused(timeless) == Reason.FIELD_MISSING


def test_live_times_are_clamped_to_what_can_be() -> None:
    """One stamp from the future would drown the tide, one from the past would reopen what is decided."""
    assert parsed(call("Cart Viewed", at=AT + DAY), now=AT).at == AT + 5 * MINUTE
    assert parsed(call("Cart Viewed", at=AT - 31 * DAY), now=AT).at == AT - 30 * DAY
    assert parsed(call("Cart Viewed", at=AT + DAY) | {"receivedAt": AT + DAY}, now=AT).at == AT + DAY
    assert parsed(call("Cart Viewed", at=AT + DAY), now=AT).record["timestamp"] == AT + 5 * MINUTE


def test_history_is_taken_as_it_is() -> None:
    """A file from 2017 is from 2017."""
    assert parsed(call("Cart Viewed", at=AT - 3000 * DAY)).at == AT - 3000 * DAY


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        (12.5, "EUR", 1250),
        ("12.50", "EUR", 1250),
        (0.285, "EUR", 29),
        (1.005, "EUR", 101),
        (4.35, None, 435),
        (1200, "JPY", 1200),
        (1.2345, "KWD", 1235),
        (0, "EUR", 0),
    ],
)
def test_money_becomes_whole_minor_units(amount: object, currency: str | None, minor: int) -> None:
    """The amount as it was written, not as a binary fraction, and halves go up."""
    assert to_minor(amount, exponent(currency)) == minor


@pytest.mark.parametrize("amount", [-1, "much", "NaN", "Infinity", 1e30, True, None, [], "1e999999"])
def test_what_is_no_amount_is_refused(amount: object) -> None:
    """A price that cannot be would be shown in a mail."""
    with pytest.raises(ValueError, match="is "):
        to_minor(amount, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": -1},
        {"price": "dear"},
        {"quantity": 1.5},
        {"quantity": -1},
        {"quantity": 10**9},
        {"quantity": "some"},
        {"currency": "euro"},
        {"currency": 978},
        {"name": ["Mug"]},
        {"cart_id": {}},
    ],
)
def test_properties_without_sense_are_refused(wrong: dict[str, Any]) -> None:
    """A dead letter now is kinder than a wrong mail later."""
    assert refused(call("Product Added", **(MUG | wrong))) == Reason.BAD_VALUE


def test_a_line_of_a_cart_needs_its_product() -> None:
    """sku stands in for product_id; without either nobody knows what was added."""
    assert refused(call("Product Added", quantity=1)) == Reason.FIELD_MISSING
    assert refused(call("Cart Viewed", products=[{"quantity": 1}])) == Reason.FIELD_MISSING
    assert parsed(call("Product Added", sku="s1")).record["product"]["product_id"] == "s1"


def test_an_empty_list_of_products_is_not_a_missing_one() -> None:
    """The one empties the cart, the other says nothing about it."""
    assert parsed(call("Cart Viewed", products=[])).record["products"] == []
    assert parsed(call("Cart Viewed")).record["products"] is None
    assert refused(call("Cart Viewed", products="p1")) == Reason.BAD_VALUE


def test_the_total_of_an_order_comes_from_total_else_revenue_else_value() -> None:
    """Shops differ in the name; `revenue` beside a total is kept."""
    assert parsed(call("Order Completed", revenue=20, currency="EUR")).record["total"] == 2000
    both = parsed(call("Order Completed", total=25, revenue=20)).record
    assert (both["total"], kept(both)) == (2500, {"revenue": 20})


def test_ids_may_come_as_numbers() -> None:
    """Shops count their orders; an id is text from here on."""
    record = parsed(call("Order Completed", order_id=7, products=[{"product_id": 1}]) | {"userId": 412}).record
    assert (record["user_id"], record["order_id"], record["products"][0]["product_id"]) == ("412", "7", "1")


def test_a_line_that_is_too_long_is_refused() -> None:
    """It would be refused by the jobs."""
    assert refused(call("Lamp Rubbed", noise="x" * 300_000)) == Reason.TOO_LARGE


def test_reasons_tell_no_personal_data() -> None:
    """A dead letter's detail is read by people and lands in logs."""
    result = parse(json.dumps(identify(email=["a@b.example"])).encode(), None)
    assert isinstance(result, Rejected)
    assert "example" not in result.detail


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["product_id", "sku", "variant", "quantity", "price", "name", "products", "currency", "cart_id", "total"]


@given(
    event=st.sampled_from(["Product Added", "Cart Viewed", "Order Completed", "Email Sent", "Product Viewed", "Other"]),
    body=st.dictionaries(st.sampled_from([*NAMES, "consent", "email", "step"]), JSON, max_size=5),
    context=JSON,
)
def test_whatever_a_call_carries_it_is_a_record_or_has_a_reason(event: str, body: dict[str, Any], context: Any) -> None:
    """Nothing raises, and what is taken can be written."""
    for each in (call(event, **body) | {"context": context}, identify(**body) | {"context": context}):
        result = parse(json.dumps(each).encode(), None)
        assert isinstance(result, Parsed | Rejected)
        if isinstance(result, Parsed):
            assert encode(BY_NAME[result.topic].subject, result.record)
