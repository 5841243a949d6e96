"""backtest: what the campaigns would have done over files of history, without Kafka, Flink, Java or Redis."""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typer

from cli import exits
from cli.submit import read_length, read_time
from local_stack.addresses import ROOT
from udfs.config_error import ConfigError
from udfs.time import Millis

if TYPE_CHECKING:
    from cli.rehearsal import Rehearsed
    from connectors.history import History
    from udfs.news import News
    from udfs.timetable import Timetable

SHOWN = 5
CONFIG = ROOT / "config"


def register(app: typer.Typer) -> None:
    app.command()(backtest)


def backtest(
    events: list[str] = typer.Option(..., "--events", metavar="FILE", help="JSON lines, .gz too; repeat for several."),
    campaigns: Path = typer.Option(CONFIG, help="Folder of campaign files, a whole configuration, or one file."),
    since: str = typer.Option(None, "--from", metavar="TIME", help="Leave out events before it."),
    until: str = typer.Option(None, "--to", metavar="TIME", help="Leave out events from it on; the clock stops there."),
    live_from: str = typer.Option("beginning", metavar="TIME|beginning", help="Signals before it are only recorded."),
    run_on: str = typer.Option("0s", help="Let the clock run on so long after the last event, as in 48h."),
    drafts: bool = typer.Option(False, "--drafts", help="Let drafts decide as if they were live."),
    campaigns_log: Path = typer.Option(None, metavar="FILE", help="What was published meanwhile, as `read` prints it."),
    out: Path = typer.Option(None, metavar="DIR", help="Write the report and every decision there."),
    processes: int = typer.Option(None, min=1, help="How many run side by side; one for each core if it is not said."),
    as_json: bool = typer.Option(False, "--json", help="Print the summary as JSON."),
) -> None:
    """Run the campaigns over history on this machine alone: who, when, which, why not."""
    from cli.backtest_files import Writer
    from cli.backtest_report import page
    from cli.backtest_text import text
    from cli.published_log import read_published
    from cli.rehearsal import people_at_once
    from udfs.campaign_config import campaign_config
    from udfs.rehearsal_brakes import brakes
    from udfs.rehearsal_summary import Summary
    from udfs.rehearsal_waits import WAITS

    files = read_campaigns(campaigns, drafts)
    news = read_published(campaigns_log, files, drafts) if campaigns_log else ()
    with rehearsal(
        events, [files], read_time(since), read_time(until), read_time(live_from) or 0, read_length(run_on),
        waits=() if news else WAITS, drafts=drafts, count=processes or people_at_once(), news=news,
    ) as (history, rehearsed):  # fmt: skip
        summary = Summary()
        with Writer(out) as writer:
            for told in rehearsed.decisions():
                summary.add(told)
                writer.add(told)
        counted = summary.plain()
        said = told_of(history, rehearsed) | counted
        said |= brakes(rehearsed.flows, counted["mails_by_hour"], campaign_config(files))
    if out is not None:
        writer.finish(said, history.bad, page(said))
    typer.echo(json.dumps(said) if as_json else "\n".join(text(said)))
    if out is not None and not as_json:
        say(f"The report: {out / 'report.html'}")


@contextmanager
def rehearsal(
    events: Sequence[str],
    variants: Sequence[Mapping[str, bytes]],
    since: Millis | None,
    until: Millis | None,
    live_from: Millis,
    run_on: Millis,
    waits: tuple[Millis, ...],
    drafts: bool,
    count: int,
    news: tuple[News, ...] = (),
) -> Iterator[tuple[History, Rehearsed]]:
    """Read and decide; the decisions can be read inside. Ends with a sentence and a code if that cannot be."""
    from cli.published_log import rule_told
    from cli.rehearsal import Terms, processes, read_history, rehearse
    from connectors.settings import from_environment

    if len(set(events)) < len(events):
        exits.fail("The same file is named twice in --events.", exits.USAGE)
    try:
        total = sum(Path(file).stat().st_size for file in events)
        with TemporaryDirectory(prefix="tidemark-") as folder, processes(count) as pool:
            home = Path(folder)
            with progress("read", total) as advance:
                history = read_history(events, from_environment().bound, home, pool, advance)
            _tell_of_bad_lines(history)
            first, last = _bounds(history, since, until)
            terms = Terms(tuple(variants), live_from, first, last + run_on, since, until, waits, drafts, news)
            tables = [rule_told(files, news, drafts).timetable(terms.stop_at) for files in variants]
            _tell_of_what_is_beyond(tables, terms.stop_at)
            with progress("decide", len(history.batches)) as advance:
                rehearsed = rehearse(history, terms, home, pool, advance)
            yield history, rehearsed
    except (EOFError, zlib.error) as error:
        exits.fail(f"A compressed file is damaged: {error}", exits.INPUT)
    except OSError as error:
        if error.filename is None or str(error.filename) not in events:
            raise
        exits.fail(f"{error.filename}: {error.strerror}", exits.INPUT)


def read_campaigns(folder: Path, drafts: bool) -> dict[str, bytes]:
    """A configuration folder as it is; a folder of campaigns, or one file, with the rest of it from `config`.

    ConfigError if campaigns cannot be run, so that it is told before any history is read.
    """
    from udfs.campaign_config import campaign_rule

    files = _read(folder)
    with named_as_given(folder):
        campaign_rule(files, 0, 0, drafts)
    return files


@contextmanager
def named_as_given(folder: Path) -> Iterator[None]:
    """A mistake in a file is told with the path at which whoever named `folder` finds it."""
    try:
        yield
    except ConfigError as error:
        file = found_in(folder, error.file)
        raise ConfigError(file, error.key, error.problem, error.hint, error.line) from None


def found_in(folder: Path, file: str) -> str:
    """Where `config/campaigns/a.toml` lies for whoever named another folder than `config`, or one file."""
    if folder == CONFIG:
        return file
    path = file.removeprefix("config/")
    places = (folder / path, folder / path.removeprefix("campaigns/"), folder)
    return next((str(place) for place in places if place.is_file()), file)


def _read(folder: Path) -> dict[str, bytes]:
    from connectors.config_files import read_config

    if not folder.exists():
        exits.fail(f"There is no {folder}: name a folder with campaign files, such as config/campaigns.", exits.INPUT)
    if (folder / "campaigns").is_dir():
        return read_config(folder)
    paths = [folder] if folder.is_file() else sorted(folder.glob("*.toml"))
    found = {f"campaigns/{path.name}": path.read_bytes() for path in paths}
    if not found:
        exits.fail(f"{folder} has no campaign file in it: they end in .toml.", exits.INPUT)
    rest = {
        path: content
        for path, content in read_config(CONFIG).items()
        if not path.startswith(("campaigns/", "stories/"))
    }
    return rest | found


def told_of(history: History, rehearsed: Rehearsed) -> dict[str, Any]:
    """The part of the summary that is about the events and the waits."""
    return {
        "lines": history.lines,
        "refused_lines": len(history.bad),
        "events": rehearsed.events,
        "duplicates": rehearsed.duplicates,
        "late": history.late,
        "first": history.first,
        "last": history.last,
        "waits": [
            {"campaign": row.campaign, "wait": row.wait, "abandoned": row.abandoned, "mails": row.mails,
             "overtaken": row.overtaken}
            for row in rehearsed.waits
        ],
    }  # fmt: skip


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, nothing anywhere else."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    with typer.progressbar(length=total, label=f"{label:<6}", file=sys.stderr) as bar:
        yield bar.update


def say(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _bounds(history: History, since: Millis | None, until: Millis | None) -> tuple[Millis, Millis]:
    """The first event that counts, and where the clock stops but for `run_on`."""
    if history.first is None or history.last is None:
        exits.fail(f"There is no event in the {history.lines} lines that were read.", exits.INPUT)
    first = history.first if since is None else max(since, history.first)
    last = history.last if until is None else min(until - 1, history.last)
    if last < first:
        exits.fail("No event lies between --from and --to.", exits.USAGE)
    return first, last


def _tell_of_what_is_beyond(tables: Sequence[Timetable], stop_at: Millis) -> None:
    beyond = {one.campaign.name: one.schedule for table in tables for one in table.sendings}
    for name, schedule in sorted(beyond.items()):
        if schedule.opens > stop_at:
            say(f"{name} is set for {schedule.text}, after the end of this run: nobody is asked. Try an earlier time.")


def _tell_of_bad_lines(history: History) -> None:
    for bad in history.bad[:SHOWN]:
        say(f"{bad.file}:{bad.line}: {bad.reason}: {bad.detail}")
    if len(history.bad) > SHOWN:
        say(f"... and {len(history.bad) - SHOWN} more lines that were refused; --out writes all of them down.")
