"""The report of a backtest: one page of HTML that needs nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from cli.backtest_text import is_of_numbers, tables
from cli.backtest_text import text as told
from cli.plots import bars, columns, heat
from udfs.decisions import DEFER
from udfs.time import DAY, HOUR, format_length

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #223; background: #fff; max-width: 900px; margin: 2em auto; padding: 0 1em }
h1 { font-size: 1.6em } h2 { font-size: 1.15em; margin-top: 2em } svg { max-width: 100%; height: auto }
table { border-collapse: collapse } td, th { padding: .25em .8em; border-bottom: 1px solid #dde; text-align: left }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums } p.small { color: #667; font-size: .9em }
"""  # noqa: E501
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_EPOCH_WAS = 3  # a Thursday
HOURS_AT_MOST = 21 * 24


def page(said: Mapping[str, Any]) -> str:
    """The whole page; the same summary gives the same bytes."""
    body = "\n".join(_body(said))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Backtest</title><style>{_STYLE}</style>'
        f"</head>\n<body>\n{body}\n</body></html>\n"
    )


def _body(said: Mapping[str, Any]) -> Iterator[str]:
    yield "<h1>What the campaigns would have done</h1>"
    yield from (f"<p>{escape(line)}</p>" for line in list(told(said))[:2])
    if said["mails_by_hour"]:
        yield from _over_time(said["mails_by_hour"])
        yield "<h2>Mails by hour of the week (UTC)</h2>"
        yield _by_hour_of_week(said["mails_by_hour"])
    yield "<h2>Why, and why not</h2>"
    yield bars([(_answer(row), row["count"]) for row in said["answers"]])
    if said["waits"]:
        yield "<h2>First mails that an order overtook, by wait</h2>"
        yield bars([(f"{row['campaign']}, {format_length(row['wait'])}", row["overtaken"]) for row in said["waits"]])
        yield (
            '<p class="small">Each row is the whole run once more with another <code>signal.wait</code>. '
            "Overtaken: the person ordered within 4 h after the mail's instant. The log was not changed by our mails, "
            "so whoever ordered then was about to order anyway.</p>"
        )
    for title, header, rows in tables(said):
        yield f"<h2>{escape(title)}</h2>"
        yield _table(header, rows)
    yield '<p class="small">Every decision with its facts: decisions.jsonl and decisions.parquet beside this page.</p>'


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    kinds = [' class="number"' if is_of_numbers(column) else "" for column in zip(*rows, strict=True)]
    lines = [_row("th", kinds, header), *(_row("td", kinds, row) for row in rows)]
    return f"<table>{''.join(lines)}</table>"


def _row(tag: str, kinds: Sequence[str], cells: Sequence[str]) -> str:
    inner = (f"<{tag}{kind}>{escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))
    return f"<tr>{''.join(inner)}</tr>"


def _over_time(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Mails by hour; by day where that would be too many columns."""
    first, last = (choose(row["hour"] for row in rows) for choose in (min, max))
    unit, name, form = (
        (HOUR, "hour (UTC)", "%Y-%m-%d %H:00") if last - first < HOURS_AT_MOST * HOUR else (DAY, "day", "%Y-%m-%d")
    )
    mails: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for row in rows:
        mails[row["campaign"]][row["hour"] // unit] += row["count"]
    times = range(first // unit, last // unit + 1)
    labels = [datetime.fromtimestamp(time * unit // 1000, UTC).strftime(form) for time in times]
    yield f"<h2>Mails by {name}</h2>"
    yield columns(labels, [(name, [counts[time] for time in times]) for name, counts in sorted(mails.items())])


def _answer(row: Mapping[str, Any]) -> str:
    """`quiet_hours` may put a mail off or drop it."""
    put_off = "put off, " if row["outcome"] == DEFER else ""
    return f"{row['campaign']} {row['step']}: {put_off}{row['reason']}"


def _by_hour_of_week(rows: Sequence[Mapping[str, Any]]) -> str:
    grid = [[0] * 24 for _ in _DAYS]
    for row in rows:
        grid[(row["hour"] // DAY + _EPOCH_WAS) % 7][row["hour"] % DAY // HOUR] += row["count"]
    return heat(_DAYS, [f"{hour:02}" for hour in range(24)], grid)
