"""Nothing in a shard grows beyond its horizon: a year and a week of a shop that is as busy on each day."""

from __future__ import annotations

import pytest

from tests.growth import EVENTS_A_PERSON, Size, grow

A_DAY = 1  # person
HORIZON = 402  # days: a person is kept for 400 after the last event, which is a day after the first, to a midnight
WEEK = 7
HOURS_OF_IDS = 26


@pytest.mark.parametrize("job", ["campaigns", "profiles"])
def test_a_week_beyond_the_horizon_changes_no_size(job: str) -> None:
    """People, wake-ups, heap, ids and entries of state; and when nobody comes any more, nothing is left over."""
    days = list(grow(job, A_DAY, HORIZON + WEEK, HORIZON))
    before, after = days[HORIZON - 1], days[HORIZON + WEEK - 1]
    assert (after.people, after.wakes, after.ids, after.entries) == (
        before.people,
        before.wakes,
        before.ids,
        before.entries,
    )
    for told in days:
        assert told.people <= HORIZON * A_DAY
        assert told.wakes <= told.people
        assert told.heap <= 4 * told.wakes + 1_000
        assert told.ids <= EVENTS_A_PERSON * A_DAY * 2
        assert told.entries <= told.people + HOURS_OF_IDS + 60 + 1
    assert days[-1] == Size(0, 0, 0, 0, 1, days[-1].stored_bytes)
