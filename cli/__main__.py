"""The command line: `./tidemark`, or `python -m cli`. Data on stdout, talk on stderr, exit codes in cli/exits.py."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec

import typer

from cli import exits
from cli.causes import cause

# Each has `register(app)`, which adds its commands; what a command needs it imports when it runs.
MODULES = (
    "stack",
    "archive",
    "brakes",
    "ingest",
    "tide",
    "submit",
    "read",
    "profiles",
    "explain",
    "report",
    "campaign",
    "campaign_test",
    "campaign_diff",
    "campaign_publish",
    "campaign_list",
    "people_list",
    "catalog",
    "import_log",
    "backtest",
    "try_it",
    "demo",
    "drill",
)


# Answered within a second: what the others import would take a third of it.
QUICK = ("explain",)


def command_line(asked: str | None = None) -> typer.Typer:
    """All commands, or only the one that was asked for if it is a quick one."""
    app = typer.Typer(
        name="tidemark",
        help="A shop's events in, the right mail out.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback(help=app.info.help)(_group)
    for name in (asked,) if asked in QUICK else MODULES:
        if find_spec(f"cli.{name}"):
            import_module(f"cli.{name}").register(app)
    return app


def _group() -> None:
    """Keeps one command alone from being taken for the whole."""


def main() -> int:
    try:
        command_line(next(iter(sys.argv[1:]), None))(prog_name="tidemark")
    except BaseException as error:
        if told := cause(error):
            typer.echo(told[0], err=True)
            return told[1]
        raise
    return exits.OK


if __name__ == "__main__":
    sys.exit(main())
