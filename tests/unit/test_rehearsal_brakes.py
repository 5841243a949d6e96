"""A rehearsal says of the brakes what they would have said."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.customer import NOON, campaign_text, config
from tests.unit.test_order_silence import SILENT, busy, checkouts, ordered
from tests.unit.test_volume_brake import sent
from udfs.rehearsal_brakes import brakes, flow_of
from udfs.time import HOUR, MINUTE
from udfs.volume_brake import VolumeBrake

TEXT = campaign_text() + "[volume]\nhourly = 2\n"


def test_silences_are_those_of_all_people_together() -> None:
    """Each process knows its own people; doubled messages count once."""
    events = [*busy(), *checkouts(60), ordered(SILENT + HOUR)]
    flows = [flow_of(events[::2]), flow_of([*events[1::2], *events[1:3]])]
    assert brakes(flows, [], config(TEXT, caps=""))["orders_silent"] == [{"since": SILENT, "until": SILENT + HOUR}]
    assert brakes(flows, [], config(TEXT, caps='[brakes]\norder_silence = "0h"'))["orders_silent"] == []
    still = brakes([flow_of(events[:-1])], [], config(TEXT, caps=""))["orders_silent"]
    assert still == [{"since": SILENT, "until": None}]


@given(st.lists(st.integers(0, 3 * 60), max_size=40), st.integers(0, 2))
def test_hours_that_are_too_busy_are_those_in_which_the_brake_acts(minutes: list[int], times: int) -> None:
    """The hour of the clock is counted alike."""
    decisions = [sent(NOON + at * MINUTE, number, "cart_abandonment") for number, at in enumerate(sorted(minutes))]
    brake = VolumeBrake({"cart_abandonment": 2}, times)
    told = [pulled.at // HOUR * HOUR for one in decisions if (pulled := brake.count(one))]
    hours = Counter(one.at // HOUR * HOUR for one in decisions)
    rows = [{"campaign": "cart_abandonment", "hour": hour, "count": count} for hour, count in sorted(hours.items())]
    found = brakes([], rows, config(TEXT, caps=f"[brakes]\nvolume = {times}"))["too_many"]
    assert [row["hour"] for row in found] == (told if times else [])
    assert brakes([], rows, config(campaign_text(), caps=""))["too_many"] == []
