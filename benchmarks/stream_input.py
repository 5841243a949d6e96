"""The seeded input of the shared job: a million records a block, out of order by up to a minute, one in twenty doubled.

A block is two hours of event time: 950,000 events of users drawn by Zipf's law (0.9; the first of 50,000 does 5 %)
and 50,000 of them once more; nine in ten are clicks, 8 % carts, 2 % purchases. A shorter input is the beginning of a
longer one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

SEED = 20261122
BLOCK = 1_000_000
DOUBLED = 50_000
SPAN = 2 * 3_600_000
FIRST = 1_790_000_040_000
USERS = 50_000
DISORDER = 60_000
KINDS = np.array(["click", "cart", "purchase"])
_DEVICES = np.array(["mobile", "desktop", "tablet"])
_COUNTRIES = np.array("US DE FR GB ES IT NL SE PL CZ JP BR CA AU IN MX AT CH DK NO".split())


def frame(events: int, users: int = USERS) -> pl.DataFrame:
    """The first so many records in the order of their arrival, a row each."""
    blocks = -(-events // BLOCK)
    return pl.concat([_block(number, users) for number in range(blocks)]).head(events)


def blocks(events: int, users: int = USERS) -> Iterator[pl.DataFrame]:
    """The same block by block, for who cannot hold them all."""
    for number in range(-(-events // BLOCK)):
        yield _block(number, users).head(events - number * BLOCK)


def write_lines(events: int, path: Path) -> Path:
    """The same as JSON lines, made once."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        frame(events).write_ndjson(fresh)
        fresh.replace(path)
    return path


def _block(number: int, users: int) -> pl.DataFrame:
    dice = np.random.default_rng(SEED if number == 0 else [SEED, number])
    events = BLOCK - DOUBLED
    chances = 1 / np.arange(1, users + 1) ** 0.9
    people = (dice if number == 0 else np.random.default_rng(SEED)).permutation(users)
    user = people[dice.choice(users, events, p=chances / chances.sum())]
    at = FIRST + number * SPAN + dice.integers(0, SPAN, events)
    kind = dice.choice(3, events, p=[0.90, 0.08, 0.02])
    slow = dice.random(events) < 0.3
    delay = np.where(slow, dice.integers(0, DISORDER, events), dice.integers(0, 500, events))
    doubled = dice.choice(events, DOUBLED, replace=False)
    which = np.concatenate([np.arange(events), doubled])
    arrival = np.concatenate([at + delay, at[doubled] + dice.integers(0, DISORDER, DOUBLED)])
    which = which[np.argsort(arrival, kind="stable")]
    return _named(which, number, user, at, kind, dice)


def _named(which: Any, number: int, user: Any, at: Any, kind: Any, dice: np.random.Generator) -> pl.DataFrame:
    events = len(user)
    product, quantity = dice.integers(0, 20_000, events), dice.integers(1, 4, events)
    price = np.round(dice.gamma(2.0, 30.0, events) + 1, 2)
    device, country = dice.integers(0, 3, events), dice.integers(0, 20, events)
    category, noise = dice.integers(0, 40, events), dice.integers(0, 2**63 - 1, events)
    told = pl.DataFrame(
        {
            "id": which + number * BLOCK,
            "user": user[which],
            "event_type": KINDS[kind[which]],
            "ts": at[which],
            "product": product[which],
            "category": category[which],
            "price": price[which],
            "quantity": quantity[which],
            "device": _DEVICES[device[which]],
            "country": _COUNTRIES[country[which]],
            "noise": noise[which],
        }
    )
    padded = [
        pl.format("{}-{}", pl.col("id").cast(pl.String).str.zfill(8), pl.col("noise").cast(pl.String).str.zfill(19)),
        pl.format("u{}", pl.col("user").cast(pl.String).str.zfill(6)),
        pl.format("s{}", (pl.col("noise") // 2**40).cast(pl.String).str.zfill(7)),
        pl.format("sku-{}", pl.col("product").cast(pl.String).str.zfill(5)),
        pl.format("category-{}", pl.col("category").cast(pl.String).str.zfill(2)),
    ]
    names = ("event_id", "user_id", "session_hint", "product_id", "category")
    told = told.with_columns(expression.alias(name) for expression, name in zip(padded, names, strict=True))
    url = pl.format("https://shop.example/{}/{}?ref=home", "category", "product_id")
    told = told.with_columns(pl.when(pl.col("id") % 10 == 0).then(None).otherwise(url).alias("url"))
    order = "event_id user_id session_hint event_type ts product_id category price quantity device country url"
    return told.select(order.split())
