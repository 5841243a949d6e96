"""Quiet hours by the clock on the wall, also in the nights in which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.questions.caps import begin
from udfs.time import DAY, HOUR, MINUTE, Millis
from udfs.zones import Hours, first_free, of_countries, offset, time_of_day, zone


def available_zones() -> set[str]:
    """All that tzdata has, those with old names and the fixed ones too: a device may tell any of them."""
    return set((files("tzdata") / "zones").read_text("utf-8").split())


YEAR_2026: Millis = 1_767_225_600_000
ALL_ZONES = sorted(available_zones())
QUIET = Hours(21 * HOUR, 8 * HOUR)


def at(text: str) -> Millis:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def changes(name: str) -> list[Millis]:
    """The instants of 2026 at which the clocks of a zone change, found hour by hour and then by halving."""
    where, found = zone(name), []
    assert where is not None
    for begin_of_hour in range(YEAR_2026, YEAR_2026 + 366 * DAY, DAY):
        low, high = begin_of_hour, begin_of_hour + DAY
        if offset(where, low) != offset(where, high):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(where, middle) == offset(where, low) else (low, middle)
            found.append(high)
    return found


CHANGES = [(name, change) for name in ALL_ZONES for change in changes(name)]
moments = st.tuples(st.sampled_from(ALL_ZONES), st.integers(YEAR_2026, YEAR_2026 + 366 * DAY)) | st.tuples(
    st.sampled_from(CHANGES), st.integers(-30 * HOUR, 30 * HOUR)
).map(lambda drawn: (drawn[0][0], drawn[0][1] + drawn[1]))
edges = st.integers(0, 95).map(lambda quarter: quarter * 15 * MINUTE)


@settings(deadline=None, max_examples=400)
@given(moments, edges, edges)
def test_what_is_held_goes_out_at_the_first_instant_that_is_not_quiet(
    moment: tuple[str, Millis], begin_at: Millis, end_at: Millis
) -> None:
    """Over all zones and both edges: quiet all the way until then, looking every half minute, and free from then on."""
    name, now = moment
    where, hours = zone(name), Hours(begin_at, end_at)
    assert where is not None
    free = hours.over(where, now)
    assert free >= now
    assert not hours.hold(where, free)
    assert all(hours.hold(where, then) for then in range(now, free, 30_000))
    if free > now:
        assert hours.hold(where, free - 1)


def test_every_change_of_clocks_in_the_world_keeps_both_edges() -> None:
    """The evening before and the morning after each change, in every zone: 21:00 and 08:00 on the wall."""
    assert len(CHANGES) > 350
    for name, change in CHANGES:
        where = zone(name)
        assert where is not None
        free = QUIET.over(where, change)
        assert not QUIET.hold(where, free)
        if free > change:
            assert time_of_day(where, free) == 8 * HOUR
        evening = free + (21 * HOUR - time_of_day(where, free))
        assert QUIET.hold(where, evening)
        assert not QUIET.hold(where, evening - 1)


@pytest.mark.parametrize(
    ("name", "now", "free"),
    [
        ("Europe/Berlin", "2026-03-28T23:30:00+01:00", "2026-03-29T08:00:00+02:00"),  # a short night
        ("Europe/Berlin", "2026-10-24T23:30:00+02:00", "2026-10-25T08:00:00+01:00"),  # a long one
        ("Australia/Lord_Howe", "2026-04-04T23:30:00+11:00", "2026-04-05T08:00:00+10:30"),
        ("Asia/Kathmandu", "2026-05-01T21:00:00+05:45", "2026-05-02T08:00:00+05:45"),
        ("Asia/Kathmandu", "2026-05-01T20:59:59.999+05:45", "2026-05-01T20:59:59.999+05:45"),
    ],
)
def test_nights_that_people_know(name: str, now: str, free: str) -> None:
    """Written by hand."""
    where = zone(name)
    assert where is not None
    assert QUIET.over(where, at(now)) == at(free)


def test_hours_within_an_hour_that_does_not_exist_or_comes_twice() -> None:
    """02:00 to 02:30 in Berlin: never in March, twice in October."""
    where, hours = zone("Europe/Berlin"), Hours(2 * HOUR, 2 * HOUR + 30 * MINUTE)
    assert where is not None
    gap, twice = at("2026-03-29T01:00:00+00:00"), at("2026-10-25T00:00:00+00:00")
    assert not any(hours.hold(where, gap + minute * MINUTE) for minute in range(-60, 60))
    assert [minute for minute in range(120) if hours.hold(where, twice + minute * MINUTE)] == [
        *range(30),
        *range(60, 90),
    ]


def test_a_country_is_free_when_all_its_zones_are() -> None:
    """And a country that is never so says that."""
    places = [where for name in of_countries()["US"] if (where := zone(name))]
    free = first_free(QUIET, places, at("2026-01-15T12:00:00+00:00"))
    assert free == at("2026-01-15T18:00:00+00:00")  # 08:00 in Adak
    narrow = Hours(1 * MINUTE, 0)
    assert first_free(narrow, places, at("2026-01-15T12:00:00+00:00")) is None


@pytest.mark.parametrize(
    "name", ["", "..", "../etc/passwd", "/etc/passwd", "Nowhere/Land", "Europe", "a" * 500, "zone.tab"]
)
def test_what_is_no_zone_is_none(name: str) -> None:
    """Whatever a device says."""
    assert zone(name) is None


def test_all_zones_are_there_and_those_of_all_countries_are_among_them() -> None:
    """The table and the zones are of one package."""
    assert len(ALL_ZONES) > 590
    assert all(zone(name) for name in ALL_ZONES)
    assert {name for names in of_countries().values() for name in names} <= set(ALL_ZONES)
    assert (of_countries()["DE"], len(of_countries()["US"]) > 20) == (("Europe/Berlin", "Europe/Busingen"), True)


def test_days_weeks_and_months_begin_at_local_midnight() -> None:
    """On the day of a change, too."""
    where = zone("Europe/Berlin")
    assert where is not None
    evening = at("2026-03-29T20:00:00+02:00")  # a Sunday
    assert begin("day", where, evening) == at("2026-03-29T00:00:00+01:00")
    assert begin("week", where, evening) == at("2026-03-23T00:00:00+01:00")
    assert begin("month", where, evening) == at("2026-03-01T00:00:00+01:00")
    assert datetime.fromtimestamp(begin("day", where, evening) / 1000, UTC).hour == 23
