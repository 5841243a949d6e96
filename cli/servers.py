"""Which servers a command talks to: those that the environment names, else those of the current local stack."""

from __future__ import annotations

import os
from dataclasses import replace

from cli import exits
from connectors.settings import SettingError, Settings, from_environment


def settings() -> Settings:
    """The settings of this command; NotRunning if neither the environment nor a local stack names a broker."""
    try:
        given = from_environment()
    except SettingError as error:
        exits.fail(str(error), exits.INPUT)
    if "TIDEMARK_KAFKA" in os.environ:
        return given
    from local_stack import addresses

    here = addresses.load()
    return replace(given, kafka=here.kafka, redis=here.redis)
