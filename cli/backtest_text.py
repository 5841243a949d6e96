"""The summary of a backtest as it is printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cli.wording import clock_time, count, day
from udfs.time import Millis, format_length

Said = Mapping[str, Any]


def text(said: Said) -> Iterator[str]:
    """Line by line."""
    yield (
        f"{said['events']:,} events from {day(said['first'])} to {day(said['last'])} (UTC): "
        f"{said['duplicates']:,} doubled, {said['late']:,} late, {count(said['refused_lines'], 'line')} refused"
    )
    yield (
        f"{count(said['mails'], 'mail')} to {said['people_mailed']:,} of {said['people_asked_about']:,} people, "
        f"{count(said['decisions'], 'decision')}"
    )
    for title, header, rows in tables(said):
        yield ""
        yield title
        yield from aligned([header, *rows])


def tables(said: Said) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """(title, header, rows) of all that is counted; a table without rows is left out."""
    every = [
        (
            "Answers",
            ["campaign", "step", "outcome", "reason", "count"],
            [_cells(row, "campaign", "step", "outcome", "reason", "count") for row in said["answers"]],
        ),
        (
            "Busiest hour, whose mails belong into volume.hourly",
            ["campaign", "hour (UTC)", "mails"],
            [[row["campaign"], _moment(row["hour"]), f"{row['count']:,}"] for row in said["busiest_hour"]],
        ),
        (
            "Hours in which a campaign would have paused itself",
            ["campaign", "hour (UTC)", "mails", "at most"],
            [
                [row["campaign"], _moment(row["hour"]), f"{row['count']:,}", f"{row['most']:,}"]
                for row in said["too_many"]
            ],
        ),
        (
            "No order although people checked out: mails would have waited",
            ["from (UTC)", "to"],
            [
                [_moment(row["since"]), "the end" if row["until"] is None else _moment(row["until"])]
                for row in said["orders_silent"]
            ],
        ),
        (
            "Caps without room",
            ["campaign", "cap", "mails held back"],
            [_cells(row, "campaign", "cap", "count") for row in said["caps_hit"]],
        ),
        (
            "Quiet hours",
            ["campaign", "put off", "sent afterwards", "not sent afterwards", "skipped at once"],
            [_cells(row, "campaign", "put_off", "sent_later", "not_sent", "skipped") for row in said["quiet_hours"]],
        ),
        (
            "Mails to one person",
            ["mails", "people"],
            [_cells(row, "mails", "people") for row in said["mails_per_person"]],
        ),
        (
            "People that two campaigns wanted",
            ["campaigns", "wanted by both", "mailed by both"],
            [
                [" + ".join(row["campaigns"]), f"{row['wanted_by_both']:,}", f"{row['mailed_by_both']:,}"]
                for row in said["overlap"]
            ],
        ),
        (
            "Another wait: first mails, and those that an order within 4 h overtook",
            ["campaign", "wait", "carts left", "mails", "overtaken"],
            [
                [row["campaign"], format_length(row["wait"]), *_cells(row, "abandoned", "mails", "overtaken")]
                for row in said["waits"]
            ],
        ),
    ]
    yield from (table for table in every if table[2])


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns side by side; those of numbers to the right, with their header, the first of `rows`."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [is_of_numbers(column[1:]) for column in columns]
    for row in rows:
        cells = [
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, right, strict=True)
        ]
        yield ("  " + "  ".join(cells)).rstrip()


def _moment(at: Millis) -> str:
    return f"{clock_time(at)} on {day(at)}"


def _cells(row: Said, *names: str) -> list[str]:
    return [f"{row[name]:,}" if isinstance(row[name], int) else str(row[name]) for name in names]


def is_of_numbers(cells: Sequence[str]) -> bool:
    return all(cell.replace(",", "").isdigit() for cell in cells)
