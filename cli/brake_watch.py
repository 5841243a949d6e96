"""The loop of the brakes: hear all that has come in, say what is so and was not said, show it as metrics."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge

from connectors.brake_feed import Fed
from udfs.brakes import PAUSE, Brakes, Word
from udfs.time import MINUTE, SECOND, Millis

# Faster than this a second, history is played: whatever is said of it would be heard when it is over.
LIVE: Millis = 5 * MINUTE

log = logging.getLogger(__name__)


class Feed(Protocol):
    """What connectors/brake_feed.py does with Kafka."""

    def catch_up(self) -> Iterator[Fed]: ...

    def poll(self) -> Fed: ...

    def say(self, words: Sequence[Word], tide: Millis) -> None: ...


class BrakeMetrics:
    """Every number that the brakes show; a registry of its own, so that tests may have many."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.silent = Gauge("tidemark_orders_silent", "1 while no order comes in", registry=self.registry)
        self.since_order = Gauge(
            "tidemark_seconds_since_order", "From the last order to the tide", registry=self.registry
        )
        self.usual_gap = Gauge("tidemark_usual_order_gap_seconds", "Between two orders", registry=self.registry)
        self.said = Counter("tidemark_brakes", "What was said", ["action", "campaign"], registry=self.registry)


def watch(feed: Feed, brakes: Brakes, metrics: BrakeMetrics, ended: Callable[[], bool]) -> None:
    """Until `ended`. What lay on the topics before is heard first, and nothing is said of it by itself."""
    tide: Millis | None = None
    for fed in feed.catch_up():
        tide = _hear(fed, brakes) or tide
    while not ended():
        before, fed = tide, feed.poll()
        tide = _hear(fed, brakes) or tide
        _show(brakes, metrics, tide)
        if tide is None or before is None or tide - before > LIVE:
            continue
        if words := brakes.to_say(tide):
            feed.say(words, tide)
            brakes.said(words)
            for word in words:
                metrics.said.labels(word.action, word.name).inc()
                log.warning("%s name=%s at=%d cause=%r", word.action, word.name, word.at, word.cause)


def _hear(fed: Fed, brakes: Brakes) -> Millis | None:
    for news in fed.news:
        brakes.heard(news)
    for decision in fed.decisions:
        brakes.decided(decision)
    if fed.tide is not None:
        brakes.orders(fed.events, fed.tide)
    return fed.tide


def _show(brakes: Brakes, metrics: BrakeMetrics, tide: Millis | None) -> None:
    flow = brakes.flow
    for campaign in brakes.watched:  # a counter that begins at its first count shows no increase
        metrics.said.labels(PAUSE, campaign)
    metrics.silent.set(brakes.silent)
    metrics.usual_gap.set((flow.usual_gap or 0) / SECOND)
    if flow.orders and tide is not None:
        metrics.since_order.set(max(0, tide - flow.orders[-1]) / SECOND)
