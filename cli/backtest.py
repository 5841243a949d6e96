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
from udfs.time import Millis

if TYPE_CHECKING:
    from cli.rehearsal import Rehearsed
    from connectors.history import History
    from udfs.news import News

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
    from cli.rehearsal import people_at_once
    from udfs.rehearsal_summary import Summary
    from udfs.rehearsal_waits import WAITS

    files = read_campaigns(campaigns)
    news = read_published(campaigns_log, files) if campaigns_log else ()
    with rehearsal(
        events, [files], read_time(since), read_time(until), read_time(live_from) or 0, read_length(run_on),
        waits=() if news else WAITS, drafts=drafts, count=processes or people_at_once(), news=news,
    ) as (history, rehearsed):  # fmt: skip
        summary = Summary()
        with Writer(out) as writer:
            for told in rehearsed.decisions():
                summary.add(told)
                writer.add(told)
        said = told_of(history, rehearsed) | summary.plain()
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
    from cli.rehearsal import Terms, processes, read_history, rehearse
    from connectors.settings import from_environment
    from udfs.campaign_config import campaign_rule

    for files in variants:
        campaign_rule(files, live_from, 0, drafts)  # what is wrong with a file is told before anything is read
    if len(set(events)) < len(events):
        exits.fail("The same file is named twice in --events.", exits.USAGE)
    try:
        total = sum(Path(file).stat().st_size for file in events)
        with TemporaryDirectory(prefix="tidemark-") as folder, processes(count) as pool:
            home = Path(folder)
            with progress("read", total) as advance:
                history = read_history(events, from_environment().bound, home, pool, advance)
            first, last = _bounds(history, since, until)
            terms = Terms(tuple(variants), live_from, first, last + run_on, since, until, waits, drafts, news)
            _tell_of_bad_lines(history)
            with progress("decide", len(history.batches)) as advance:
                rehearsed = rehearse(history, terms, home, pool, advance)
            yield history, rehearsed
    except (EOFError, zlib.error) as error:
        exits.fail(f"A compressed file is damaged: {error}", exits.INPUT)
    except OSError as error:
        if error.filename is None or str(error.filename) not in events:
            raise
        exits.fail(f"{error.filename}: {error.strerror}", exits.INPUT)


def read_campaigns(folder: Path) -> dict[str, bytes]:
    """A configuration folder as it is; a folder of campaigns, or one file, with the rest of it from `config`."""
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


def read_published(file: Path, files: Mapping[str, bytes]) -> tuple[News, ...]:
    """What `./tidemark read campaigns --json` has printed; what the job refuses is told and left out."""
    from connectors.news_lines import LineError, read_lines
    from udfs.campaign_config import campaign_config
    from udfs.news import NewsRefused
    from udfs.published import read_change

    beginning, kept = campaign_config(files).without_drafts(), []
    try:
        with file.open("rb") as lines:
            for news in read_lines(lines):
                try:
                    read_change(news, beginning)
                    kept.append(news)
                except NewsRefused as why:
                    say(f"{file}: {why}")
    except OSError as error:
        exits.fail(f"{file}: {error.strerror}", exits.INPUT)
    except LineError as wrong:
        exits.fail(f"{file}: {wrong}", exits.INPUT)
    return tuple(kept)


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


def _tell_of_bad_lines(history: History) -> None:
    for bad in history.bad[:SHOWN]:
        say(f"{bad.file}:{bad.line}: {bad.reason}: {bad.detail}")
    if len(history.bad) > SHOWN:
        say(f"... and {len(history.bad) - SHOWN} more lines that were refused; --out writes all of them down.")
