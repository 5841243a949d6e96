"""What became of a mail comes back into the campaigns on Flink: a mail that was not sent leaves room for another."""

from __future__ import annotations

import msgspec
import pytest

from connectors import broker
from connectors.topics import KEPT, READ_BACK, full_name
from connectors.wire import encode
from local_stack.addresses import Addresses
from render_service.sends import NOT_SENT, send
from tests.calls import MUG, call, identify, sent
from tests.disturb import Sent
from tests.stack.place import Place
from udfs.outputs import Trigger
from udfs.time import HOUR, MINUTE, Millis

pytestmark = pytest.mark.stack

NOON: Millis = 1_790_769_600_000
FIRST = NOON + 10 * MINUTE


def add(at: Millis, cart: str) -> Sent:
    return sent(call("Product Added", at, "ada", f"m {cart}", cart_id=cart, currency="EUR", **MUG))


def test_a_mail_that_was_not_sent_leaves_room_for_another(stack: Addresses) -> None:
    """The job waits for `sends` as for every input, and answers the second cart by what it says."""
    place = Place.on(stack, "back", tick="1s", shards="2", read_back="1", checkpoint_interval="1s")
    consent = identify(NOON - HOUR, "ada", "m0", consent={"marketing": True})
    place.send([sent(consent), add(NOON, "c1")])
    place.beat(FIRST + MINUTE)
    place.submit("campaigns", NOON - HOUR)
    with pytest.raises(AssertionError, match="not within"):
        place.wait_for_decisions(1, seconds=8)  # nobody has said yet what `sends` holds

    place.beat(FIRST + MINUTE, READ_BACK)
    place.wait_for_decisions(1)
    refuse(place, msgspec.convert(place.records("triggers")[0], Trigger))
    place.send([add(NOON + HOUR, "c2")])
    place.beat(NOON + 2 * HOUR, (*KEPT, *READ_BACK))
    place.wait_for_decisions(2)

    assert [(one["cart_id"], one["reason"]) for one in place.records("decisions")] == [("c1", "sent"), ("c2", "sent")]


def refuse(place: Place, trigger: Trigger) -> None:
    """What the render service writes when its last look finds a reason."""
    told = send(trigger, NOT_SENT, "template: broken", FIRST + MINUTE)
    producer = broker.producer(place.addresses.kafka)
    name = full_name("sends", place.namespace)
    producer.send(name, encode("sends", told), b"ada", timestamp_ms=told.at)
    producer.flush()
    producer.close()
