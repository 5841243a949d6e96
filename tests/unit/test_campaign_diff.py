"""What a change would have done differently is what two runs decide differently, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli import exits
from cli.__main__ import command_line
from tests.baskets.shop import shop
from udfs.decisions import Entry, signal_id
from udfs.outputs import Decision
from udfs.rehearsal_diff import NEWLY, NO_MORE, OTHER_ANSWER, OTHER_TIME, changes, counted

SHIPPED = Path("config/campaigns/cart_abandonment.toml")


def told(user: str, at: int, outcome: str, reason: str = "r", follows: str | None = None) -> Decision:
    signal = signal_id(user, Entry("c", "", 0), 1)
    return Decision("d", signal, follows, "c", "v", 1, "email", user, None, at, outcome, reason, {})


CASES: list[tuple[list[Decision], list[Decision], str]] = [
    ([told("a", 1, "send")], [told("a", 1, "drop")], NO_MORE),
    ([told("a", 1, "send")], [], NO_MORE),
    ([], [told("a", 1, "send")], NEWLY),
    ([told("a", 1, "send")], [told("a", 2, "send")], OTHER_TIME),
    ([told("a", 1, "drop")], [told("a", 1, "drop", "s")], OTHER_ANSWER),
    ([told("a", 1, "send")], [told("a", 1, "defer"), told("a", 9, "drop", follows="d")], NO_MORE),
    ([told("a", 1, "send")], [told("a", 1, "defer"), told("a", 9, "send", follows="d")], OTHER_TIME),
]


@pytest.mark.parametrize(("old", "new", "kind"), CASES, ids=[f"{n}-{case[2]}" for n, case in enumerate(CASES)])
def test_a_signal_that_ends_otherwise_is_told(old: list[Decision], new: list[Decision], kind: str) -> None:
    """What was put off is judged by its end."""
    assert [one.kind for one in changes(old, new)] == [kind]
    assert counted(changes(old, new)) == [("c", 1, kind, 1)]


ends = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.sampled_from(["send", "drop"])), unique_by=lambda e: e[0]
)


@given(old=ends, new=ends)
def test_changes_are_those_of_the_ends(old: list[tuple[Any, ...]], new: list[tuple[Any, ...]]) -> None:
    """Nobody else is named, and what ends alike is not."""
    found = changes([told(*end) for end in old], [told(*end) for end in new])
    assert {one.user for one in found} == {end[0] for end in set(old) ^ set(new)}
    assert [one.user for one in found] == sorted(one.user for one in found)


def run(*arguments: str) -> str:
    ran = CliRunner().invoke(command_line(), ["campaign", "diff", *arguments, "--processes", "1", "--run-on", "48h"])
    assert ran.exit_code == exits.OK, ran.output
    return ran.stdout


def differences(log: Path, folder: Path) -> int:
    """The same from two backtests: signals whose final answers are not the same."""
    finals = []
    for campaigns in (SHIPPED, folder / "new.toml"):
        out = folder / f"of-{campaigns.stem}"
        arguments = ["--events", str(log), "--campaigns", str(campaigns), "--out", str(out), "--run-on", "48h"]
        assert CliRunner().invoke(command_line(), ["backtest", *arguments, "--processes", "1"]).exit_code == exits.OK
        decisions = [json.loads(line) for line in (out / "decisions.jsonl").read_text().splitlines()]
        finals.append(
            {
                one["signal_id"]: (one["at"], one["outcome"], one["reason"])
                for one in decisions
                if one["outcome"] != "defer"
            }
        )
    return sum(finals[0].get(signal) != finals[1].get(signal) for signal in finals[0].keys() | finals[1].keys())


def test_the_command_counts_and_tells_person_by_person(tmp_path: Path) -> None:
    """A longer wait: fewer mails to those who ordered, and the others at another time."""
    log = shop(300).write(tmp_path / "log.jsonl")
    (tmp_path / "new.toml").write_text(SHIPPED.read_text().replace('"10min"', '"60min"'))
    found = json.loads(run(str(SHIPPED), str(tmp_path / "new.toml"), "--events", str(log), "--json"))
    kinds = [one["kind"] for one in found]
    assert set(kinds) >= {NO_MORE, OTHER_TIME}
    assert len(found) == differences(log, tmp_path)
    text = run(str(SHIPPED), str(tmp_path / "new.toml"), "--events", str(log), "--people", "1").splitlines()
    assert [line for line in text if "mailed no more" in line]
    assert text[-1].startswith("... and ")
    assert f"  {found[0]['campaign']}, step {found[0]['step']}: " in next(line for line in text if " -> " in line)


def test_the_same_campaigns_make_no_difference(tmp_path: Path) -> None:
    """A comment is none either, though it makes another version."""
    log = shop(300).write(tmp_path / "log.jsonl")
    (tmp_path / "new.toml").write_text(SHIPPED.read_text() + "# as before\n")
    said = run(str(SHIPPED), str(tmp_path / "new.toml"), "--events", str(log))
    assert said == "No difference: every signal ends alike.\n"
