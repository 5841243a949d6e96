"""The instant of a time on the wall, in every zone, also where clocks skip it or show it twice."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_zones import ALL_ZONES, CHANGES, YEAR_2026
from udfs.local_time import MOST_AHEAD, MOST_BEHIND, first_shown
from udfs.time import DAY, HOUR, MINUTE, Millis
from udfs.zones import offset, zone

walls = st.tuples(st.sampled_from(ALL_ZONES), st.integers(YEAR_2026, YEAR_2026 + 366 * DAY)) | st.tuples(
    st.sampled_from(CHANGES), st.integers(-3 * HOUR, 3 * HOUR), st.booleans()
).map(lambda drawn: (drawn[0][0], _around(*drawn[0]) + drawn[1] // (MINUTE if drawn[2] else 1) * MINUTE))


def _around(name: str, change: Millis) -> Millis:
    """What clocks show about a change."""
    where = zone(name)
    assert where is not None
    return change + offset(where, change)


def ms(text: str) -> Millis:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def at(text: str) -> Millis:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@settings(deadline=None, max_examples=600)
@given(walls)
def test_it_is_the_first_instant_at_which_the_clock_shows_so_much(wall: tuple[str, Millis]) -> None:
    """Over all zones and all changes of clocks: so much or more then, and less at every minute of two days before."""
    name, shown = wall
    where = zone(name)
    assert where is not None
    found = first_shown(where, shown)
    assert found + offset(where, found) >= shown
    before = [found - 1, *range(found - 2 * DAY, found, 7 * MINUTE), *range(found - 3 * HOUR, found, 17_000)]
    assert all(then + offset(where, then) < shown for then in before)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(ALL_ZONES), st.integers(ms("2000-01-01"), ms("2099-12-31")))
def test_nobody_on_earth_is_further_from_utc_than_is_said(name: str, shown: Millis) -> None:
    """A schedule is looked at between these bounds only."""
    where = zone(name)
    assert where is not None
    assert -MOST_AHEAD <= first_shown(where, shown) - shown <= MOST_BEHIND


@pytest.mark.parametrize(
    ("name", "shown", "instant"),
    [
        ("Europe/Berlin", "2026-12-01T10:00", "2026-12-01T09:00+00:00"),
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T03:00+02:00"),  # skipped: when the gap is over
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:30+02:00"),  # twice: the first of them
        ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T03:00+01:00"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-05T01:45+11:00"),  # half an hour that comes twice
        ("Pacific/Apia", "2011-12-30T10:00", "2011-12-30T10:00+00:00"),  # a day that Samoa did not have
        ("Pacific/Kiritimati", "2026-01-01T00:00", "2025-12-31T10:00+00:00"),
    ],
)
def test_times_that_people_know(name: str, shown: str, instant: str) -> None:
    """Written by hand."""
    where = zone(name)
    assert where is not None
    assert first_shown(where, ms(shown)) == at(instant)
