"""A job goes on from a savepoint, or from its newest checkpoint, as if it had never stopped."""

from __future__ import annotations

import pytest

from local_stack.addresses import Addresses
from tests.baskets.diary import iso
from tests.baskets.expected import difference
from tests.baskets.labels import Terms, labels
from tests.baskets.shop import shop
from tests.baskets.through_wire import as_records
from tests.disturb import Sent
from tests.stack.place import CommandError, Place
from udfs.time import HOUR

VISITS = 1_500
RUN_ON = 48 * HOUR

pytestmark = pytest.mark.stack


def test_a_job_goes_on_from_its_savepoint_and_from_its_newest_checkpoint(stack: Addresses) -> None:
    """`stop --savepoint`, `submit --from latest`, `stop`, `submit --from latest`: the set of one calm run."""
    what = shop(VISITS)
    sent = list(as_records(what.calls))
    third = len(sent) // 3
    expected = labels(what.calls, Terms(what.live_from), what.last + RUN_ON)
    place = Place.on(stack, "resume", checkpoint_interval="1s", parallelism="1")

    deliver(place, sent[:third])
    place.submit("campaigns", what.live_from)
    place.wait_for_decisions(1)
    savepoint = place.tidemark("stop", "campaigns", "--savepoint").strip()
    before = place.committed("decisions")

    deliver(place, sent[third : 2 * third])
    place.tidemark("submit", "campaigns", "--from", "latest")
    place.wait_for_decisions(before + 1)
    place.tidemark("stop", "campaigns")
    between = place.committed("decisions")

    deliver(place, sent[2 * third :])
    place.beat(what.last + RUN_ON + HOUR)
    place.tidemark("submit", "campaigns", "--from", "latest")
    place.wait_for_decisions(len(expected.decisions))
    place.tidemark("stop", "campaigns", "--savepoint")

    assert savepoint.startswith("file:")
    assert 0 < before < between < len(expected.decisions)
    assert difference(place.outcome(), expected) == ""


def test_state_of_another_tick_is_refused_with_a_sentence(stack: Addresses) -> None:
    """A job that would go on with other settings fails by name; nothing starts empty in silence."""
    what = shop(300)
    place = Place.on(stack, "refuse", checkpoint_interval="1s", parallelism="1", shards="4")
    deliver(place, list(as_records(what.calls)))
    place.submit("campaigns", what.live_from)
    place.wait_for_decisions(1)
    place.tidemark("stop", "campaigns", "--savepoint")

    changed = place.with_settings(tick="30s")
    with pytest.raises(CommandError, match="written with TIDEMARK_TICK 60000ms, this job has 30000ms"):
        changed.tidemark("submit", "campaigns", "--from", "latest", "--live-from", iso(what.live_from))


def deliver(place: Place, part: list[Sent]) -> None:
    """Send a part of the log, and say in every partition that all of it is there."""
    place.send(part)
    place.beat(max(record.at for record in part))
