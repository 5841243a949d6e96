"""Starts the render service: `python -m render_service`, or `... outbox MAILS PAGES` to write caught mails as pages."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from connectors.config_files import read_config
from render_service.gallery import Shelf, StaticOutbox
from render_service.house import House
from render_service.settings import SettingError, from_environment
from udfs.campaigns import parse_campaigns
from udfs.config_error import ConfigError


def main(arguments: list[str]) -> int:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # what stops us we say ourselves, once
    if arguments[:1] == ["outbox"] and len(arguments) == 3:
        StaticOutbox(Shelf(Path(arguments[1])), Path(arguments[2])).refresh()
        return 0
    if arguments:
        print("usage: python -m render_service [outbox MAILS_FOLDER PAGES_FOLDER]", file=sys.stderr)
        return 2
    try:
        settings = from_environment(os.environ)
        campaigns = parse_campaigns(read_config(settings.campaigns)).campaigns
    except (SettingError, ConfigError, FileNotFoundError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return House(settings, dict(campaigns)).live()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
