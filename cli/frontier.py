"""How far a job has written its topics, so that a run which reads the log again can go on behind it."""

from __future__ import annotations

from collections.abc import Mapping

from connectors import broker
from connectors.settings import Settings
from connectors.topics import full_name
from connectors.wire import decode
from udfs.time import Millis

WRITES: Mapping[str, tuple[str, ...]] = {"campaigns": ("decisions", "triggers"), "profiles": ("segment-changes",)}


def newest_written(settings: Settings, job: str) -> Millis | None:
    """The latest `at` of all that the job has written, its dead letters included; None if that is nothing.

    A job that was stopped at a savepoint has written all up to the tide, so what it has not written lies behind this.
    """
    outputs = [full_name(topic, settings.namespace) for topic in WRITES[job]]
    found = [broker.last_event_time(settings.kafka, outputs), *_letters(settings, job)]
    return max((at for at in found if at is not None), default=None)


def _letters(settings: Settings, job: str) -> list[Millis]:
    letters = broker.read_to_end(settings.kafka, [full_name("dead-letters", settings.namespace)])
    decoded = (decode(letter.value, "dead-letters") for letter in letters)
    return [told[1]["at"] for told in decoded if isinstance(told, tuple) and told[1]["job"] == job]
