"""tide: the clock of topics that nobody else keeps, in heartbeats of wall-clock time, never beside a replay."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import typer

from cli import exits
from connectors.topics import BY_NAME, HEARTBEAT_KEY, KEPT, Topic, full_name
from udfs.time import SECOND, Millis

if TYPE_CHECKING:
    from connectors.heartbeats import Heard

OLD: Millis = 30 * SECOND  # a heartbeat this far behind the clock tells replayed time
QUIET: Millis = 5 * SECOND  # so long nothing old must be heard before the clock beats, at the start as well


def register(app: typer.Typer) -> None:
    app.command()(tide)


def tide(
    topic: list[str] = typer.Option([], "--topic", help="An input topic that nobody else writes heartbeats to."),
    every: bool = typer.Option(False, "--all", help="All input topics, and those of news."),
) -> None:
    """Write a heartbeat a second to every partition of these topics, in wall-clock time, until Ctrl-C."""
    from kafka.errors import KafkaError

    from cli.servers import settings
    from connectors import broker
    from connectors.heartbeats import Ear, lanes

    kept, where = _topics(topic, every), settings()
    try:
        ear = Ear(where.kafka, [full_name(one.name, where.namespace) for one in kept])
        producer = broker.producer(where.kafka)
    except KeyError as missing:
        exits.fail(f"The broker at {where.kafka} has no topic {missing}: `./tidemark up` makes them.", exits.NOT_FOUND)

    def beat(at: Millis) -> None:
        for lane in lanes(producer, kept, where.namespace):
            producer.send(lane.topic, lane.value, HEARTBEAT_KEY, partition=lane.partition, timestamp_ms=at)

    _say(f"A heartbeat a second for {', '.join(one.name for one in kept)} at {where.kafka}, until Ctrl-C.")
    clock = Clock(_wall_clock(), beat, ear.lately, _say)
    try:
        while True:
            try:
                clock.strike(_wall_clock())
            except KafkaError as error:
                _say(f"Kafka does not answer ({error}); the tide waits until it does.")
            time.sleep(1 - time.time() % 1)
    finally:
        producer.close(timeout=2)
        ear.close()


def _topics(names: list[str], every: bool) -> tuple[Topic, ...]:
    if every == bool(names):
        exits.fail(
            "Say which topics this clock is to keep: --topic for each that nobody else writes heartbeats to, or --all.",
            exits.USAGE,
        )
    for name in names:
        if name not in BY_NAME or BY_NAME[name] not in KEPT:
            known = ", ".join(topic.name for topic in KEPT)
            exits.fail(f"There is no input topic {name!r}. There are: {known}.", exits.NOT_FOUND)
    return KEPT if every else tuple(topic for topic in KEPT if topic.name in names)


class Clock:
    """Beats at each stroke, unless somebody else's heartbeats have told of an older time within the last seconds.

    Beside a replay the present would make all that is replayed late, for a partition knows only its newest time.
    """

    def __init__(
        self,
        now: Millis,
        beat: Callable[[Millis], None],
        lately: Callable[[], Iterable[Heard]],
        say: Callable[[str], None],
    ) -> None:
        self._beat, self._lately, self._say = beat, lately, say
        self._silent_until = now + QUIET
        self._waits = False

    def strike(self, now: Millis) -> None:
        """Call once a second."""
        old = next((heard for heard in self._lately() if heard.at < now - OLD), None)
        if old is not None:
            self._silent_until = now + QUIET
            if not self._waits:
                behind = (now - old.at) // SECOND
                self._say(f"Somebody replays {old.topic}, {behind:,} s behind the clock: waiting until that is over.")
            self._waits = True
        if now >= self._silent_until:
            if self._waits:
                self._say("The replay is over: the clock goes on.")
            self._waits = False
            self._beat(now)


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _wall_clock() -> Millis:
    return time.time_ns() // 1_000_000
