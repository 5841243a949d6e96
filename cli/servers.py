"""What a command works with: the environment where it names a broker, else the deployment on the current stack."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from cli import exits
from connectors.settings import SettingError, Settings, from_environment


def settings() -> Settings:
    """The settings of this command; NotRunning if neither the environment nor a local stack names a broker."""
    if "TIDEMARK_KAFKA" not in os.environ:
        from cli.deployment import here

        return here()[1]
    try:
        return from_environment()
    except SettingError as error:
        exits.fail(str(error), exits.INPUT)


@contextmanager
def asked(where: Settings) -> Iterator[None]:
    """Ends the command with a sentence if the broker that is asked inside has no such topic, or does not answer."""
    from kafka.errors import KafkaError

    try:
        yield
    except KeyError as missing:
        exits.fail(f"The broker at {where.kafka} has no topic {missing}: `./tidemark up` makes it.", exits.NOT_FOUND)
    except KafkaError as error:
        exits.fail(f"The broker at {where.kafka} does not answer ({error}).", exits.UNREACHABLE)
