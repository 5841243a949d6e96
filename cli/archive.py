"""archive: keeps every decision by person, for `explain` and `report`, and the last fifty of each in Redis."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from threading import Event

import typer

from cli import exits


def register(app: typer.Typer) -> None:
    app.command()(archive)


def archive(once: bool = typer.Option(False, "--once", help="Only what lies on the topics now, then end.")) -> None:
    """Write decisions, what became of them, orders and clicks to Parquet by person, until Ctrl-C."""
    from cli.servers import settings
    from connectors.archive.feed import ArchiveError, run

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    where, stop = settings(), Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        run(where, folder(), stop, once)
    except KeyError as missing:
        exits.fail(f"The broker at {where.kafka} has no topic {missing}: see `./tidemark status`.", exits.NOT_FOUND)
    except ArchiveError as wrong:
        exits.fail(str(wrong), exits.INPUT)


def folder() -> Path:
    """Where the archive lies: TIDEMARK_ARCHIVE, else in the folder of the current stack."""
    from local_stack.addresses import current_home

    named = os.environ.get("TIDEMARK_ARCHIVE")
    return Path(named) if named else current_home() / "archive"
