"""Tables of other systems become calls that ingest takes: the shipped maps, maps of one's own, and what is wrong."""

from __future__ import annotations

import csv
import gzip
import json
import shlex
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli import exits
from cli.__main__ import command_line
from tests.unit.pages import ROOT, lines_of_shell
from udfs.config_error import ConfigError
from udfs.import_map import calls, grouped, read_map
from udfs.import_values import ValueProblem, instant, value_of

SAMPLES = ROOT / "docs" / "samples"
MAPS = ROOT / "config" / "imports"
OWN = """
[[event]]
name = "Product Viewed"
when = { kind = "view" }
id = "{n}"
user = "{who}"
time = "{at}"
[event.properties]
product_id = "{what}"
"""


def bring(name: str, tmp_path: Path, source: Path | None = None) -> list[dict[str, Any]]:
    """The lines that a shipped map makes of its sample, or of another table."""
    out = tmp_path / "out.jsonl"
    arguments = ["import", "--map", str(MAPS / f"{name}.toml"), str(source or SAMPLES / f"{name}.csv"), str(out)]
    ran = CliRunner().invoke(command_line(), arguments)
    assert (ran.exit_code, ran.stderr.count("row ")) == (exits.OK, 0), ran.output
    return [json.loads(line) for line in out.read_text().splitlines()]


def told(calls: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(call["messageId"], call.get("event", call["type"])) for call in calls]


def test_a_shopify_order_of_several_rows_is_one_order(tmp_path: Path) -> None:
    """Its first row has the order, each row a line; a line without an SKU goes by its name."""
    found = {call["messageId"]: call for call in bring("shopify_orders", tmp_path)}
    order = found["shopify-order-#1001"]
    assert order["timestamp"] == 1_791_807_160_000  # 2026-10-12T14:12:40+02:00
    assert (order["properties"]["total"], order["properties"]["currency"]) == ("79.80", "EUR")
    assert [line["product_id"] for line in order["properties"]["products"]] == ["LT-01", "Moonrise Teapot"]


def test_shopify_orders_come_by_time_with_consent_and_cancellation(tmp_path: Path) -> None:
    """The export has the newest first; an order without an address is about nobody."""
    found = bring("shopify_orders", tmp_path)
    assert told(found) == [
        ("shopify-consent-#1001", "identify"),
        ("shopify-order-#1001", "Order Completed"),
        ("shopify-consent-#1002", "identify"),
        ("shopify-order-#1002", "Order Completed"),
        ("shopify-consent-#1004", "identify"),
        ("shopify-order-#1004", "Order Completed"),
        ("shopify-cancelled-#1004", "Order Cancelled"),
    ]
    assert [call["traits"]["consent"] for call in found if "traits" in call] == [
        {"marketing": True},
        {"marketing": False},
        {"marketing": True},
    ]


def test_klaviyo_metrics_become_the_events_of_the_spec(tmp_path: Path) -> None:
    """What has no meaning here, such as Fulfilled Order, is passed over."""
    assert [name for _, name in told(bring("klaviyo_events", tmp_path))] == [
        "identify",
        "identify",
        "Product Viewed",
        "Product Added",
        "Product Viewed",
        "Product Added",
        "Checkout Started",
        "Order Completed",
        "Email Opened",
        "Email Clicked",
        "Email Bounced",
        "identify",
    ]


def test_both_exports_name_the_same_person_alike_and_nobody_by_address(tmp_path: Path) -> None:
    """Capital letters do not make another person; the address itself is only a trait."""
    shopify, klaviyo = bring("shopify_orders", tmp_path), bring("klaviyo_events", tmp_path)
    people = [{call["userId"] for call in calls} for calls in (shopify, klaviyo)]
    assert len(people[0] & people[1]) == 2
    assert [call for call in shopify + klaviyo if "@" in call["userId"]] == []


def test_parquet_and_packed_csv_give_the_same(tmp_path: Path) -> None:
    """In Parquet properties may be JSON as well."""
    expected = bring("klaviyo_events", tmp_path)
    with (SAMPLES / "klaviyo_events.csv").open(newline="") as text:
        pq.write_table(pa.Table.from_pylist(list(csv.DictReader(text))), tmp_path / "k.parquet")
    (tmp_path / "k.csv.gz").write_bytes(gzip.compress((SAMPLES / "klaviyo_events.csv").read_bytes()))
    assert bring("klaviyo_events", tmp_path, tmp_path / "k.parquet") == expected
    assert bring("klaviyo_events", tmp_path, tmp_path / "k.csv.gz") == expected


def test_rows_that_make_no_call_are_told_and_left_out(tmp_path: Path) -> None:
    """A time that cannot be read, and nobody who did it."""
    (tmp_path / "map.toml").write_text(OWN)
    rows = ("1,view,ada,2026-10-12T10:00:00Z,mug", "2,view,ada,12/10/2026,mug", "3,view,,1791807160,mug", "4,x,,,")
    (tmp_path / "in.csv").write_text("\n".join(("n,kind,who,at,what", *rows)))
    arguments = ["import", "--map", *(str(tmp_path / name) for name in ("map.toml", "in.csv", "out.jsonl"))]
    ran = CliRunner().invoke(command_line(), [*arguments, "--json"])
    assert json.loads(ran.stdout) == {"calls": {"Product Viewed": 1}, "refused": 2}
    assert [line.partition("row ")[2] for line in ran.stderr.splitlines()] == [
        "2: the time is not like 2026-10-12 14:01:00 +0200 but like 99/99/9999",
        "3: the columns of user are empty",
    ]


def test_a_table_without_the_columns_of_the_map_is_refused(tmp_path: Path) -> None:
    """Before anything is written."""
    (tmp_path / "in.csv").write_text("a,b\n1,2\n")
    arguments = ["--map", str(MAPS / "shopify_orders.toml"), str(tmp_path / "in.csv"), str(tmp_path / "out.jsonl")]
    ran = CliRunner().invoke(command_line(), ["import", *arguments])
    assert ran.exit_code == exits.INPUT
    assert "has no column Cancelled at, Created at, Email, Name; it has a, b." in ran.stderr
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ("2026-10-12 14:12:40 +0200", 1_791_807_160_000),
        ("2026-10-12T12:12:40Z", 1_791_807_160_000),
        ("2026-10-12 12:12:40 UTC", 1_791_807_160_000),
        ("2026-10-12 14:12:40", 1_791_807_160_000),
        ("1791807160", 1_791_807_160_000),
        (1_791_807_160_000, 1_791_807_160_000),
    ],
)
def test_times_are_read_as_exports_write_them(said: Any, at: int) -> None:
    """Without a zone they are local."""
    assert instant(said, "Europe/Berlin") == at


def test_values_are_put_together_from_columns() -> None:
    """A column alone keeps its type; where one is empty there is no value."""
    row = {"n": 7, "name": " Ada ", "price": "$1,299.50", "empty": "", "deep": {"er": [1]}}
    values = ["{n}", "order-{n}", "{name|lower}", "{price|money}", "{empty}", "x{empty}", "{empty|or:n}", "{deep.er}"]
    assert [value_of(text)(row) for text in values] == [7, "order-7", "ada", "1299.50", None, None, 7, [1]]
    assert value_of("{p|money}")({"p": "1.299,50 EUR"}) == "1299.50"
    with pytest.raises(ValueProblem, match="'upper' is not known"):
        value_of("{n|upper}")


def test_rows_of_a_group_follow_each_other() -> None:
    """The same number later on is another thing."""
    rows = list(enumerate([{"g": "a"}, {"g": "a"}, {"g": "b"}, {"g": "a"}]))
    assert [[number for number, _ in group] for group in grouped(rows, "g")] == [[0, 1], [2], [3]]
    assert len(list(grouped(rows, None))) == 4


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("x = 1", "x"),
        ("", "event"),
        (OWN.replace("when", "wehn"), "event.1.wehn"),
        (OWN.replace('id = "{n}"', ""), "event.1.id"),
        (OWN.replace("{what}", "{what|wash}"), "event.1"),
        ("[[event", ""),
    ],
)
def test_a_mistake_in_a_map_is_told_with_its_place(text: str, key: str) -> None:
    """Which of its tables, and which key."""
    with pytest.raises(ConfigError) as wrong:
        read_map(text.encode(), "map.toml")
    assert wrong.value.key == key


def test_a_call_has_no_columns_that_say_nothing() -> None:
    """An empty price is no price of nothing."""
    mapping = read_map(OWN.encode(), "map.toml")
    row = {"n": 1, "kind": "view", "who": "ada", "at": "2026-10-12T10:00:00Z", "what": ""}
    assert [call["properties"] for call in calls([row], mapping)] == [{}]


def test_the_page_about_the_first_backtest_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Line by line, and the report is there at the end."""
    monkeypatch.chdir(tmp_path)
    lines = [line for page, line in lines_of_shell() if page == "docs/first_backtest.md" and "tidemark" in line]
    assert len(lines) == 5
    for line in lines:
        words = [str(ROOT / word) if word.startswith(("docs/", "config/")) else word for word in shlex.split(line)[1:]]
        ran = CliRunner().invoke(command_line(), [*words, *(["--processes", "1"] if words[0] == "backtest" else [])])
        assert ran.exit_code == exits.OK, ran.output
    summary = json.loads((tmp_path / "rehearsal" / "summary.json").read_text())
    assert (summary["mails"], summary["refused_lines"]) == (3, 0)
    assert (tmp_path / "rehearsal" / "report.html").exists()
