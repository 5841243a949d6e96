"""Twenty thousand visits through the command line, Kafka and Flink come out as the labels say, all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from local_stack.addresses import Addresses
from tests.baskets import by_day
from tests.baskets.expected import difference
from tests.baskets.labels import Terms, labels
from tests.baskets.shop import shop
from tests.stack.place import Place
from udfs.time import HOUR

VISITS = 20_000

pytestmark = pytest.mark.stack


def test_decisions_and_triggers_of_twenty_thousand_visits_equal_the_labels(stack: Addresses, tmp_path: Path) -> None:
    """`ingest --history`, then `submit campaigns --until-end --run-on 48h`: the whole truth."""
    what = shop(VISITS)
    place = Place.on(stack, "baskets", parallelism="2")
    counts = place.ingest(what.write(tmp_path / "visits.jsonl"))
    assert sum(counts["sent"].values()) == len(what.calls)
    assert counts["rejected"] == {}

    job = place.run_to_end("campaigns", what.live_from, run_on="48h", config=by_day.written(tmp_path / "config"))

    expected = labels(what.calls, Terms(what.live_from), what.last + 48 * HOUR)
    assert difference(place.outcome(), expected) == ""
    assert place.failures(job) == []
    assert place.records("dead-letters") == []
