"""News reach every shard of the job on Flink at their instant, and one that is none is a dead letter of the job."""

from __future__ import annotations

import pytest

from connectors.wire import encode
from local_stack.addresses import Addresses
from tests.disturb import Sent
from tests.stack.place import Place
from udfs.time import MINUTE, Millis

pytestmark = pytest.mark.stack

NOON: Millis = 1_790_769_600_000


def test_a_bad_record_of_news_is_refused_once_however_many_shards_there_are(stack: Addresses) -> None:
    """All sixteen shards are told of it, at its effective time."""
    place = Place.on(stack, "news", tick="1s", shards="16", parallelism="2", checkpoint_interval="1s")
    said = {"name": "sale", "action": "unknown", "timestamp": NOON}
    place.beat(NOON - MINUTE)
    place.send([Sent("campaigns", b"sale", encode("campaigns", said), NOON), Sent("catalog", b"mug", b"junk", NOON)])
    place.beat(NOON + MINUTE)
    place.submit("campaigns", NOON)
    place.wait_for_committed("dead-letters", 2)
    place.tidemark("stop", "campaigns", "--savepoint")
    letters = sorted((one["topic"], one["reason"], one["at"]) for one in place.records("dead-letters"))
    assert letters == [("campaigns", "implausible", NOON), ("catalog", "not_framed", NOON)]
