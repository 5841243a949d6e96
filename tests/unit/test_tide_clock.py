"""The tide's clock beats every second, and is silent beside whoever replays older data."""

from __future__ import annotations

import pytest
import typer

from cli.tide import OLD, QUIET, Clock, _topics
from connectors.heartbeats import Heard
from connectors.topics import KEPT
from udfs.time import SECOND, Millis

NOW: Millis = 1_792_000_000_000


class Bench:
    """A clock with everything that it hears and does in view."""

    def __init__(self) -> None:
        self.beats: list[Millis] = []
        self.said: list[str] = []
        self.heard: list[Heard] = []
        self.clock = Clock(NOW, self.beats.append, self._lately, self.said.append)

    def _lately(self) -> list[Heard]:
        heard, self.heard = self.heard, []
        return heard

    def strike(self, seconds: int, behind: Millis | None = None) -> None:
        """The stroke `seconds` after the start; `behind` is how old a heartbeat it hears first."""
        now = NOW + seconds * SECOND
        self.heard = [] if behind is None else [Heard("cart", 0, now - behind)]
        self.clock.strike(now)


def test_it_listens_first_and_then_beats_every_second() -> None:
    """A replay that runs already must be heard before the first beat spoils it."""
    bench = Bench()
    for second in range(8):
        bench.strike(second)
    assert bench.beats == [NOW + second * SECOND for second in range(QUIET // SECOND, 8)]
    assert bench.said == []


def test_it_waits_while_somebody_replays_and_says_so_once() -> None:
    """The present beside older data would make all of that late."""
    bench = Bench()
    for second in range(20):
        bench.strike(second, behind=90 * 24 * 3600 * SECOND if 8 <= second < 12 else None)
    late_again = range(11 + QUIET // SECOND, 20)
    assert bench.beats == [NOW + second * SECOND for second in (5, 6, 7, *late_again)]
    assert len(bench.said) == 2
    assert "replays cart, 7,776,000 s behind" in bench.said[0]


def test_heartbeats_of_the_present_do_not_disturb_it() -> None:
    """Its own, and those of a collector that keeps the same topic."""
    bench = Bench()
    for second in range(10):
        bench.strike(second, behind=OLD - 1)
    assert len(bench.beats) == 5


def test_an_operator_names_the_topics_or_says_all() -> None:
    """Who says nothing might stop a tide that waits for a good reason."""
    assert _topics([], every=True) == KEPT
    assert [topic.name for topic in _topics(["purchase", "cart"], every=False)] == ["cart", "purchase"]
    for names, every in (([], False), (["cart"], True), (["triggers"], False), (["carts"], False)):
        with pytest.raises(typer.Exit):
            _topics(names, every)
