"""The order of arrival, the tick's length and the number of shards leave no trace in what is decided."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_stack.addresses import Addresses
from tests.baskets import by_day
from tests.baskets.expected import difference
from tests.baskets.labels import Terms, labels
from tests.baskets.shop import shop
from tests.baskets.through_wire import as_records
from tests.disturb import Weather, disturb
from tests.stack.place import Place
from udfs.time import HOUR, MINUTE

VISITS = 3_000
RUN_ON = 48 * HOUR

pytestmark = pytest.mark.stack


def test_a_disturbed_day_gives_the_same_set(stack: Addresses, tmp_path: Path) -> None:
    """Out of order, some twice, a third of the topics hours behind: on a running job, which waits for them."""
    what = shop(VISITS)
    weather = Weather(bound=10 * MINUTE)
    arriving = disturb(list(as_records(what.calls)), weather)
    expected = labels(what.calls, Terms(what.live_from), what.last + RUN_ON)
    place = Place.on(stack, "disturbed", tick="15s", shards="7", parallelism="2", bound="10min")

    place.send(sent for sent in arriving if sent.topic not in weather.delayed_topics)
    job = place.submit("campaigns", what.live_from, by_day.written(tmp_path / "config"))
    place.wait_for_checkpoints(job, 2)
    assert place.committed("decisions") == 0, "something was decided before all topics were there"
    place.send(sent for sent in arriving if sent.topic in weather.delayed_topics)
    place.beat(what.last + RUN_ON + HOUR)
    place.wait_for_decisions(len(expected.decisions))
    place.wait_for_count(job, "duplicates", len(arriving) - len(what.calls))
    late = place.counted(job, "late")
    place.tidemark("stop", "campaigns", "--savepoint")

    assert late == 0
    assert place.outcome_by_command_line() == place.outcome()
    assert difference(place.outcome(), expected) == ""
    assert place.failures(job) == []
