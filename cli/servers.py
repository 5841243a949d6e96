"""What a command works with: the environment where it names a broker, else the deployment on the current stack."""

from __future__ import annotations

import os

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
