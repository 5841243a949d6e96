"""The disturbance of the end-to-end tests is as bad as promised, and no worse than the bound allows."""

from __future__ import annotations

from collections import Counter, defaultdict

from connectors.topics import INPUTS
from connectors.wire import decode
from tests.baskets.shop import shop
from tests.baskets.through_wire import as_records
from tests.disturb import Sent, Weather, disturb
from udfs.time import MINUTE, Millis

WEATHER = Weather(bound=10 * MINUTE)
CALM = tuple(as_records(shop(300).calls))
ARRIVING = disturb(CALM, WEATHER)


def message_id(sent: Sent) -> str:
    decoded = decode(sent.value, sent.topic)
    assert isinstance(decoded, tuple)
    return str(decoded[1]["message_id"])


def lags(records: list[Sent]) -> list[Millis]:
    """How far each record lies behind what came before it in its topic, which holds for any partition of it."""
    highest: dict[str, Millis] = defaultdict(int)
    behind = []
    for sent in records:
        highest[sent.topic] = max(highest[sent.topic], sent.at)
        behind.append(highest[sent.topic] - sent.at)
    return behind


def test_nothing_is_late() -> None:
    """A record as far behind its partition as the bound would count at another time than its own."""
    assert max(lags(ARRIVING)) < WEATHER.bound


def test_much_is_out_of_order() -> None:
    """Else the test of order independence shows nothing."""
    assert max(lags(ARRIVING)) > 0.8 * WEATHER.bound
    assert sum(lag > 0 for lag in lags(ARRIVING)) > 0.1 * len(ARRIVING)


def test_one_in_twenty_comes_twice_and_some_of_these_under_another_time() -> None:
    """A broker repeats a record as it is, a client's retry corrects its time anew; the messageId stays."""
    times = Counter(message_id(sent) for sent in ARRIVING)
    assert set(times) == {message_id(sent) for sent in CALM}
    twice = sum(count == 2 for count in times.values())
    assert 0.04 < twice / len(CALM) < 0.06
    exactly = sum(count == 2 for count in Counter(ARRIVING).values())
    assert 0.5 * twice < exactly < 0.9 * twice


def test_a_third_of_the_topics_comes_when_all_others_are_there() -> None:
    """Two of five; the others' last record is before their first one."""
    assert len(WEATHER.delayed_topics) >= len(INPUTS) / 3
    behind = [sent.topic in WEATHER.delayed_topics for sent in ARRIVING]
    assert behind == sorted(behind)


def test_the_same_seed_gives_the_same_day() -> None:
    """A failure can be looked into."""
    assert disturb(CALM, WEATHER) == ARRIVING
    assert disturb(CALM, Weather(bound=10 * MINUTE, seed=2)) != ARRIVING
