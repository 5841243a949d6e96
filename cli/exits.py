"""Exit codes of the command line: one for each cause, so that scripts can tell them apart."""

from __future__ import annotations

from typing import NoReturn

import typer

OK = 0
UNEXPECTED = 1  # a mistake of ours: the trace says where
USAGE = 2  # the command line was not understood
SETUP = 3  # the environment or a jar is missing or damaged: `make setup`
NOT_RUNNING = 4  # no stack is up: `./tidemark up`
UNREACHABLE = 5  # a server did not start or does not answer
NO_ROOM = 6  # the disk is full
INPUT = 7  # a file, a setting or a campaign cannot be read
NOT_FOUND = 8  # the person, segment, job or topic asked for is not there
JOB_FAILED = 9  # Flink refused or lost a job
INTERRUPTED = 130  # Ctrl-C


def fail(sentence: str, code: int) -> NoReturn:
    """Tell a person on stderr what, where and what to do, and end with a code from above."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)
