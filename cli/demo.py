"""demo: start everything, play the demo shop, leave nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli import exits

if TYPE_CHECKING:
    from local_stack.shop.script import Plan
    from local_stack.shop.show import Show

SETTINGS = {
    "TIDEMARK_BOUND": "2min",  # ten minutes of the shop are twenty seconds of ours: all else scales with them
    "TIDEMARK_TICK": "30s",
    "TIDEMARK_SHARDS": "2",
    "TIDEMARK_CHECKPOINT_INTERVAL": "1s",
}
JOBS = ("profiles", "campaigns")
ASKED_ABOUT = "u_0412"
TO_COPY = (f"explain {ASKED_ABOUT}", "explain u_0650", "try")


def register(app: typer.Typer) -> None:
    app.command()(demo)


def say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def demo(
    once: bool = typer.Option(False, "--once", help="Play to the end, print the summary, stop."),
    short: bool = typer.Option(False, "--short", hidden=True, help="A shorter play, for tests."),
) -> None:
    """Start a stack of its own and play the demo shop on it; Ctrl-C stops everything."""
    from local_stack.shop.script import FULL, SHORT

    began = time.monotonic()
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts what is in the background deaf to Ctrl-C
        signal.signal(number, signal.default_int_handler)
    code = exits.INTERRUPTED
    with _stage() as home:
        code = _play(home, SHORT if short else FULL, once, began)
    raise typer.Exit(code)


@contextmanager
def _stage() -> Iterator[Path]:
    """A folder of its own, which the command line talks to while the demo runs; afterwards nothing runs in it."""
    from local_stack import addresses, stack
    from local_stack.shop import clock
    from local_stack.shop.homes import new_home

    before = addresses.CURRENT.read_text() if addresses.CURRENT.is_file() else None
    home = new_home()
    pages = addresses.LOCAL / "outbox"
    shutil.rmtree(pages, ignore_errors=True)
    for setting in [name for name in os.environ if name.startswith("TIDEMARK_")]:
        del os.environ[setting]  # whatever deployment they speak of, it is not this one
    os.environ |= {"TIDEMARK_STACK": str(home), "TIDEMARK_OUTBOX_PAGES": str(pages), **SETTINGS}
    addresses.make_current(home)
    try:
        yield home
    except KeyboardInterrupt:
        pass
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        say("\nStopping everything that was started ...")
        clock.stop(home)
        stack.down(home)
        addresses.CURRENT.unlink(missing_ok=True) if before is None else addresses.CURRENT.write_text(before)
        say(f"Stopped. The mails stay readable in {pages / 'index.html'}.")


def _play(home: Path, plan: Plan, once: bool, began: float) -> int:
    from local_stack import stack
    from local_stack.shop.arrival import deliveries
    from local_stack.shop.script import T0
    from local_stack.shop.show import Show
    from local_stack.shop.tally import Tally
    from local_stack.shop.till import Till

    where = stack.up(home, say=say)
    with Till(where.kafka) as till, Tally(where.kafka, where.metrics, T0) as tally:
        show = Show(where, plan, deliveries(plan), till, tally, say, began)
        show.first_hour()
        _submit(JOBS, T0)
        show.history()
        say(f"The jobs run: {where.flink_rest}\nThe mails as they come: {where.render}/outbox\n")
        show.warm_up()
        say("Monday 14:00 in the shop, the sale opens; ten minutes there are twenty seconds here.")
        show.sale()
        say("\nThe day after, at full speed ...")
        show.day_after()
        code = _summary(show)
        if not once:
            with suppress(KeyboardInterrupt):  # the way in which a demo is meant to end
                show.stay_open()
    return code


def _submit(jobs: Sequence[str], live_from: int) -> None:
    """All at once: most of a submission is a Java machine warming up."""
    since = datetime.fromtimestamp(live_from / 1000, UTC).isoformat()
    # Sessions of their own, so that an interruption ends `flink run` and its Java as well.
    running = {
        job: subprocess.Popen(
            [sys.executable, "-m", "cli", "submit", job, "--live-from", since],
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        for job in jobs
    }
    try:
        refused = [job for job, submission in running.items() if submission.wait()]
    except BaseException:
        for submission in running.values():
            with suppress(ProcessLookupError):
                os.killpg(submission.pid, signal.SIGKILL)
            submission.wait()
        raise
    if refused:
        exits.fail(f"Not accepted: {', '.join(refused)}.", exits.JOB_FAILED)
    say(f"Submitted {' and '.join(jobs)}.")


def _explain(user: str) -> None:
    """Answer the first of the lines to copy, for whoever only reads what a demo has printed."""
    from cli.explain import lines, recent, story_of

    told = story_of(user)
    typer.echo(f"\nWhy did {user} get no mail?")
    for line in lines(user, recent(told.moments), 0, told.doubled, told.tide):
        typer.echo(f"  {line}")


def _summary(show: Show) -> int:
    from connectors.flink_rest import Cluster

    typer.echo(f"\n{show.figures()}")
    for line in show.verdict().closing_lines():
        typer.echo(line)
    cluster = Cluster(show.where.flink_rest)
    failures = [failure for job in cluster.jobs() for failure in cluster.failures(job.id)]
    for failure in failures:
        say(f"A task failed: {failure}")
    _explain(ASKED_ABOUT)
    typer.echo("\nTo copy:")
    for line in TO_COPY:
        typer.echo(f"  ./tidemark {line}")
    return exits.OK if show.tally.counts.mails and not failures else exits.JOB_FAILED
