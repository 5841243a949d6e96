"""Counts of what campaigns decided and what came of it: for a part of all people, in a form that can be added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from udfs.carts import ORDER_COMPLETED
from udfs.decisions import SEND
from udfs.time import DAY, Millis

AFTERWARDS: Millis = 5 * DAY  # so long after a first mail an order counts as coming after it
HOLDOUT = "holdout"
CLAIMED = "unknown"

_KEYS = ("campaign", "kind", "outcome", "reason", "variant")
_SUMS = ("count", "clicked", "ordered")

# What is read of each table; a person's rows are all in one part.
WANTED: Mapping[str, tuple[str, ...]] = {
    "decisions": ("decision_id", "signal_id", "campaign", "step", "outcome", "reason", "variant"),
    "sends": ("trigger_id", "campaign", "outcome", "reason"),
    "purchase": ("event",),
    "email-events": ("event", "campaign"),
}


class Period(NamedTuple):
    """Decisions of [since, until) are counted; `now` is how far is known (all ms)."""

    since: Millis
    until: Millis
    now: Millis


def tally(tables: Mapping[str, pl.DataFrame], period: Period) -> pl.DataFrame:
    """Counts of one part of all people; `add_up` makes the whole of several."""
    decisions = tables["decisions"].sort("offset").unique("decision_id", keep="last").filter(_within(period))
    return pl.concat([*_counted(decisions), _became(tables["sends"], period), _followed(decisions, tables, period)])


def add_up(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """Every kind of count once; an order of its own, so that the same archive gives the same report."""
    whole = pl.concat(parts)
    return whole.group_by(_KEYS).agg(pl.col(_SUMS).sum()).sort(_KEYS, nulls_last=True)


def _within(period: Period) -> pl.Expr:
    return (pl.col("at") >= period.since) & (pl.col("at") < period.until)


def _counted(decisions: pl.DataFrame) -> list[pl.DataFrame]:
    signals = decisions.unique("signal_id")
    return [_row(decisions, "decision", ("outcome", "reason")), _row(signals, "considered", ())]


def _became(sends: pl.DataFrame, period: Period) -> pl.DataFrame:
    """The last word on each trigger; what a mail server said at length is only its outcome."""
    last = (
        sends.filter(_within(period))
        .sort(pl.col("outcome") != CLAIMED, "offset")
        .unique("trigger_id", keep="last")
        .with_columns(
            pl.when(pl.col("outcome") == "not_sent").then(pl.col("reason").str.split(":").list.first()).alias("reason")
        )
    )
    return _row(last, "mail", ("outcome", "reason"))


def _followed(decisions: pl.DataFrame, tables: Mapping[str, pl.DataFrame], period: Period) -> pl.DataFrame:
    """First mails, and those that were held out of them, whose five days are over: who clicked, who ordered?

    What was decided counts, not what was delivered, for on those held out nobody took a last look.
    """
    first = decisions.filter(
        (pl.col("step") == 1)
        & ((pl.col("outcome") == SEND) | (pl.col("reason") == HOLDOUT))
        & (pl.col("at") + AFTERWARDS <= period.now)
    ).with_columns(pl.when(pl.col("reason") == HOLDOUT).then(pl.lit(HOLDOUT)).otherwise(pl.lit(SEND)).alias("outcome"))
    orders = tables["purchase"].filter(pl.col("event") == ORDER_COMPLETED)
    found = _after(
        _after(first, orders, "ordered", ("person",)), tables["email-events"], "clicked", ("person", "campaign")
    )
    sums = [pl.len().cast(pl.Int64).alias("count"), *(pl.col(name).sum().cast(pl.Int64) for name in _SUMS[1:])]
    return _shaped(found.group_by("campaign", "outcome", "variant").agg(sums), "followed")


def _after(first: pl.DataFrame, events: pl.DataFrame, name: str, by: Sequence[str]) -> pl.DataFrame:
    """Marks with `name` what has an event of the same `by` in (at, at + AFTERWARDS]."""
    told = events.select(*by, pl.col("at"), pl.col("at").alias(name)).sort("at")
    joined = first.with_columns(pl.col("at") + 1).sort("at").join_asof(
        told, on="at", by=list(by), strategy="forward", tolerance=AFTERWARDS - 1, check_sortedness=False
    )  # fmt: skip
    return joined.with_columns(pl.col("at") - 1, pl.col(name).is_not_null())


def _row(frame: pl.DataFrame, kind: str, keys: Sequence[str]) -> pl.DataFrame:
    return _shaped(frame.group_by("campaign", *keys).agg(pl.len().cast(pl.Int64).alias("count")), kind)


def _shaped(frame: pl.DataFrame, kind: str) -> pl.DataFrame:
    text = pl.lit(None, pl.String)
    missing: list[Any] = [text.alias(name) for name in _KEYS if name not in frame.columns and name != "kind"]
    missing += [pl.lit(0, pl.Int64).alias(name) for name in _SUMS if name not in frame.columns]
    return frame.with_columns(pl.lit(kind).alias("kind"), *missing).select(*_KEYS, *_SUMS)
