"""Records of `sends` as the campaigns read them back."""

from __future__ import annotations

from connectors.input_events import read_event
from connectors.rejected import Reason, Rejected
from connectors.wire import encode
from render_service.sends import NOT_SENT, Send, send
from tests.unit.mail_makers import AT, trigger
from udfs.events import Event, Kind


def record(tide: int = AT) -> Send:
    return send(trigger(), NOT_SENT, "converted", tide)


def read(told: Send, key: bytes | None = None, time: int | None = None) -> Event | Rejected:
    at = told.at if time is None else time
    return read_event(Kind.SEND, key or told.user_id.encode(), encode("sends", told), at, at)


def test_an_outcome_is_an_event_of_the_person_at_the_tide() -> None:
    """With the trigger that it belongs to."""
    event = read(record(AT + 5))
    assert isinstance(event, Event)
    assert (event.user, event.at, event.name, event.trigger_id) == (
        trigger().user_id,
        AT + 5,
        NOT_SENT,
        trigger().trigger_id,
    )


def test_a_claim_that_was_released_and_made_again_is_heard_again() -> None:
    """One outcome of one trigger has one id; the record's time tells them apart."""
    one, other = read(record(AT)), read(record(AT + 5))
    assert isinstance(one, Event)
    assert isinstance(other, Event)
    assert one.message_id != other.message_id


def test_what_does_not_agree_with_its_record_is_refused() -> None:
    """Key and time, as on every input."""
    for refused, reason in (
        (read(record(), key=b"eve"), Reason.KEY_MISMATCH),
        (read(record(), time=AT + 1), Reason.TIME_MISMATCH),
    ):
        assert isinstance(refused, Rejected)
        assert refused.reason is reason
