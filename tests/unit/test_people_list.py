"""Lists of people from files: what is counted, what is refused, and that a backtest sees who was on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import exits
from cli.__main__ import command_line
from connectors.config_files import read_texts
from connectors.list_file import ListFileError, read_people
from connectors.quick_calls import event_by_the_long_way, event_of
from tests.unit.customer import NOON, ROOT, identify
from udfs.events import Event
from udfs.facts import fold, unknown
from udfs.lists import merged
from udfs.memory_driver import drive
from udfs.profile_config import load
from udfs.profile_rule import ProfileRule


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(command_line(), ["list", *map(str, words)])


def calls(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_one_id_a_line_each_person_once() -> None:
    """Blank lines are nothing, and blanks around an id are not part of it."""
    people = read_people(["ada\n", " bob \r\n", "\n", "ada\n", "~x\n", "z" * 257 + "\n", "a@b.example\n"])
    assert people.ids == ["ada", "bob", "a@b.example"]
    assert (people.duplicates, people.addresses) == (1, 1)
    assert [line for line, _ in people.refused] == [5, 6]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_column_of_a_table(separator: str) -> None:
    """Quotes, line breaks within them, and rows that are too short."""
    rows = ["id,name\n", '"ada","Ada, Countess\nof Lovelace"\n', "bob\n", ",nobody\n", "~x,y\n"]
    text = "".join(rows) if separator == "," else "".join(rows).replace(",", separator)
    people = read_people(text.splitlines(keepends=True), "id")
    assert (people.ids, people.duplicates, [line for line, _ in people.refused]) == (["ada", "bob"], 0, [6])


def test_a_table_without_a_column_is_no_list() -> None:
    """Else names and addresses would become ids."""
    with pytest.raises(ListFileError, match="--column"):
        read_people(["id,name\n", "ada,Ada\n"])
    with pytest.raises(ListFileError, match="it has id, name"):
        read_people(["id,name\n"], "user")


def test_nothing_of_a_person_leaves_but_the_id(tmp_path: Path) -> None:
    """One call each, told at the time that was asked for."""
    file, out = tmp_path / "people.csv", tmp_path / "calls.jsonl"
    file.write_text("\ufeffname,id\nAda Lovelace,ada\nBob,bob\nBob again,bob\n", "utf-8")
    said = "upload", file, "--name", "spring", "--column", "id", "--out", out, "--at", "2026-10-12T14:15:00Z", "--json"
    ran = run(*said)
    assert json.loads(ran.stdout) == {"list": "spring", "people": 2, "duplicates": 1, "refused": 0, "dry_run": False}
    told = calls(out)
    assert [(call["userId"], call["traits"]) for call in told] == [
        ("ada", {"lists": {"spring": True}}),
        ("bob", {"lists": {"spring": True}}),
    ]
    assert {call["timestamp"] for call in told} == {1_791_814_500_000}
    assert "Lovelace" not in out.read_text("utf-8")
    for line in out.read_bytes().splitlines():
        event = event_of(line)
        assert isinstance(event, Event)
        assert event == event_by_the_long_way(line)


def test_two_uploads_have_different_ids_and_a_removal_says_false(tmp_path: Path) -> None:
    """Put on, taken off and put on again within a day must not look like a double."""
    file, ids = tmp_path / "people.txt", set()
    file.write_text("ada\n", "utf-8")
    for verb, is_on in (("upload", True), ("remove", False), ("upload", True)):
        out = tmp_path / "out.jsonl"
        assert run(verb, file, "--name", "spring", "--out", out).exit_code == exits.OK
        (call,) = calls(out)
        assert call["traits"] == {"lists": {"spring": is_on}}
        ids.add(call["messageId"])
    assert len(ids) == 3


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    """Neither to a file nor anywhere else."""
    file, out = tmp_path / "people.txt", tmp_path / "out.jsonl"
    file.write_text("ada\nada\n~x\nbob@shop.example\n", "utf-8")
    ran = run("upload", file, "--name", "spring", "--dry-run", "--out", out)
    assert not out.exists()
    assert ran.stdout == (
        "2 people would be put on the list spring.\n1 were in the file more than once, 1 lines are no ids.\n"
    )
    assert "line 3" in ran.stderr
    assert "1 look like e-mail addresses" in ran.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--name", "two words"), exits.USAGE),
        (("--name", "spring", "--at", "2026-10-12T14:15:00Z"), exits.USAGE),
        (("--name", "spring", "--column", "id"), exits.INPUT),
    ],
)
def test_a_mistake_ends_with_a_code(words: tuple[str, ...], code: int, tmp_path: Path) -> None:
    """Before anything is written."""
    file = tmp_path / "people.txt"
    file.write_text("ada\n", "utf-8")
    assert run("upload", file, *words, "--dry-run").exit_code == code
    assert run("upload", tmp_path / "gone", "--name", "spring").exit_code == exits.INPUT


NEWS = """name = "news"
[schedule]
at = {at}
[audience]
list = "spring"
[[steps]]
template = "newsletter"
"""


def backtested(tmp_path: Path, at: str) -> tuple[list[tuple[str, int, str]], str]:
    """(person, at, reason) over the example log and a list of three, and what was said beside it."""
    people, on, campaign = tmp_path / "people.txt", tmp_path / "on.jsonl", tmp_path / "news.toml"
    people.write_text("ada\ncleo\nzoe\n", "utf-8")
    campaign.write_text(NEWS.format(at=at), "utf-8")
    assert run("upload", people, "--name", "spring", "--out", on, "--at", "2026-10-12T12:00:00Z").exit_code == exits.OK
    logs = ["--events", str(ROOT / "docs" / "example.jsonl"), "--events", str(on)]
    said = ["backtest", *logs, "--campaigns", str(campaign), "--run-on", "48h", "--out", str(tmp_path / "out")]
    ran = CliRunner().invoke(command_line(), [*said, "--processes", "1"])
    assert ran.exit_code == exits.OK, ran.output
    told = [json.loads(line) for line in (tmp_path / "out" / "decisions.jsonl").read_text("utf-8").splitlines()]
    return [(one["user_id"], one["at"], one["reason"]) for one in told], ran.stderr


def test_a_backtest_asks_those_on_the_list_and_nobody_else(tmp_path: Path) -> None:
    """Ben is in the log and not on the list; Zoe is on the list and nothing else is known of her."""
    ten = 1_791_885_600_000  # 2026-10-13T10:00:00Z
    told, said = backtested(tmp_path, "2026-10-13T10:00:00")
    assert sorted(told) == [("ada", ten, "sent"), ("cleo", ten, "no_consent"), ("zoe", ten, "no_consent")]
    assert "news" not in said


def test_a_backtest_says_what_lies_beyond_its_end(tmp_path: Path) -> None:
    """Else one would wonder where the send is."""
    told, said = backtested(tmp_path, "2026-12-24T10:00:00")
    assert told == []
    assert "news is set for 2026-12-24T10:00:00, after the end of this run" in said


def test_a_profile_knows_the_lists_too() -> None:
    """So that a segment may ask `trait.lists.spring == true`."""
    facts = unknown(NOON)
    for number, lists in enumerate(({"spring": True}, {"autumn": True, "x y": True}, {"spring": False})):
        line = json.dumps(
            {"type": "identify", "messageId": f"{number}", "userId": "u", "timestamp": NOON, "traits": {"lists": lists}}
        )
        event = event_of(line.encode())
        assert isinstance(event, Event)
        facts = fold(facts, event)
    assert facts.traits.raw == {"lists": {"autumn": True}}
    segment = {"segments/listed.toml": 'name = "listed"\nenter = "trait.lists.spring == true"\n'}
    listed = ProfileRule(load({**read_texts(), **segment}).only(["listed"]), NOON)
    told = [identify(NOON + n, {"lists": lists}) for n, lists in enumerate(({"spring": True}, {"autumn": True}))]
    off = identify(NOON + 9, {"lists": {"spring": False}})
    found = drive(listed, [*told, off], NOON + 9).emitted
    assert [(one.change, one.at) for one in found] == [("enter", NOON), ("leave", NOON + 9)]
    assert facts.traits.lists == merged((), {"autumn": True})
