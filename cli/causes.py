"""What went wrong, as one sentence and one exit code, also where a library raised it."""

from __future__ import annotations

import errno
from urllib.error import URLError

from cli import exits
from connectors.settings import SettingError
from local_stack.errors import NoRoom, NotRunning, PartFailed, SetupError, StackError
from udfs.config_error import ConfigError

CODES = {SetupError: exits.SETUP, PartFailed: exits.UNREACHABLE, NoRoom: exits.NO_ROOM, NotRunning: exits.NOT_RUNNING}
HINT = "`./tidemark status` shows what runs, `./tidemark up` starts what does not."


def cause(error: BaseException) -> tuple[str, int] | None:
    """Return the sentence and the code for this error; None where it is a mistake of ours and the trace is wanted."""
    if isinstance(error, StackError):
        return str(error), CODES.get(type(error), exits.UNEXPECTED)
    if isinstance(error, ConfigError | SettingError):
        return str(error), exits.INPUT
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted.", exits.INTERRUPTED
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"The disk is full ({error.filename or 'while writing'}): free some room, then try again.", exits.NO_ROOM
    if server := silent_server(error):
        return f"{server} does not answer ({first_line(error)}): {HINT}", exits.UNREACHABLE
    return None


def silent_server(error: BaseException) -> str | None:
    """Return the server whose client raised this. The clients are told by name: importing them takes a second."""
    names = {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in type(error).__mro__}
    if "kafka.KafkaError" in names:
        return "Kafka"
    if names & {"redis.ConnectionError", "redis.TimeoutError"}:
        return "Redis"
    return "Flink" if isinstance(error, URLError) else None


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
