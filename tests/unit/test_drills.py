"""What a drill says is worth something only if it can also say no."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from cli import exits
from cli.__main__ import command_line
from connectors.config_files import read_config
from local_stack.addresses import Addresses, of_ports
from local_stack.drills import catalogue, golden, race
from local_stack.drills.catalogue import DRILLS
from local_stack.drills.oracle import difference
from local_stack.drills.report import DrillError, Report, Stage, wait
from local_stack.drills.view import Snapshots, View
from tests.unit.archived import T0, decision
from tests.unit.pages import names, tables
from udfs.campaign_config import campaign_rule
from udfs.outputs import Decision

SENT = ("send", "sent")
ROWS = Counter([b'{"at":1}', b'{"at":2}'])


def nowhere() -> Addresses:
    return of_ports(golden.FOLDER, dict.fromkeys(("kafka", "valkey", "flink", "render", "smtp", "metrics"), 1))


def test_a_missing_row_and_a_doubled_one_are_differences() -> None:
    """As a multiset, for a set would forgive the second."""
    assert difference(ROWS, ROWS) == ""
    assert difference(Counter([b'{"at":1}']), ROWS) == '1 missing, such as {"at":2}'
    assert difference(ROWS + Counter([b'{"at":2}']), ROWS) == '1 too many, such as {"at":2}'


def raced(first: tuple[str, str], rival: tuple[str, str], user: str = "ada") -> list[Decision]:
    """Outcome and reason of both campaigns about one cart."""
    return [
        msgspec.convert(
            decision(user, T0, outcome=outcome, reason=reason, campaign=name, facts={"spell_start": "1"}), Decision
        )
        for name, (outcome, reason) in ((race.FIRST, first), (race.RIVAL, rival))
    ]


@pytest.mark.parametrize(
    ("told", "held"),
    [
        ([*raced(SENT, ("drop", "capped"))], True),
        ([*raced(SENT, ("drop", "quiet_hours")), *raced(("drop", "no_consent"), ("drop", "no_consent"), "ben")], True),
        ([*raced(SENT, ("drop", "capped")), *raced(("drop", "reentry_blocked"), SENT, "ben")], True),
        ([*raced(SENT, ("drop", "capped")), *raced(SENT, SENT, "ben")], False),
        ([*raced(SENT, ("drop", "capped")), *raced(("drop", "capped"), SENT, "ben")], False),
        ([*raced(("drop", "no_consent"), ("drop", "no_consent"))], False),
    ],
)
def test_a_race_has_one_winner_and_is_won_by_the_more_important_campaign(told: list[Decision], held: bool) -> None:
    """Where the first had no right to a mail the other's is no race; no race at all shows nothing."""
    report = Report("kill", 1, lambda _: None)
    race.check(report, told)
    assert report.held is held


def test_the_rival_is_a_campaign_like_the_first(tmp_path: Path) -> None:
    """Both are live under one governor."""
    campaigns = campaign_rule(read_config(race.configuration(tmp_path / "config")), 0, 0).config.campaigns
    assert set(campaigns) == {race.FIRST, race.RIVAL}
    assert campaigns[race.FIRST].priority > campaigns[race.RIVAL].priority


def test_a_drill_that_checked_nothing_does_not_hold() -> None:
    """And one that failed once does not hold either."""
    report = Report("kill", 1, lambda _: None)
    assert not report.held
    report.check("something", True)
    assert report.held
    report.check("something else", False, "3 missing")
    assert not report.held
    assert report.failures() == "something else: 3 missing"


def test_a_drill_that_cannot_go_on_fails_with_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was to happen and did not is the finding."""

    def broken(stage: Stage) -> None:
        wait(lambda: False, 0, "a decision")

    monkeypatch.setattr("local_stack.drills.rescale.run", broken)
    report = catalogue.run("rescale", nowhere(), lambda _: None, seed=1)
    assert report.failures() == "the drill came to its end: a decision: not within 0 s"
    with pytest.raises(DrillError):
        wait(lambda: False, 0, "a decision")


def test_a_view_equals_only_if_every_person_does() -> None:
    """Somebody too many is a difference as well."""
    expected: View = {"ada": ({"orders": "1"}, ("hot",))}
    ben: View = {"ben": ({}, ())}
    snapshots = Snapshots.__new__(Snapshots)
    snapshots.taken = [(1.0, {}), (2.0, expected | ben), (3.0, expected)]
    assert snapshots.first_equal(expected) == 3.0
    assert snapshots.first_equal({}) == 1.0
    assert snapshots.first_equal(ben) is None
    assert snapshots.difference(ben) == "2 of 1 people differ, such as ada"


def test_the_list_names_every_drill_and_an_unknown_one_is_refused() -> None:
    """Before any stack is started."""
    listed = CliRunner().invoke(command_line(), ["drill", "list", "--json"])
    assert set(json.loads(listed.stdout)) == set(DRILLS)
    assert CliRunner().invoke(command_line(), ["drill", "lunch"]).exit_code == exits.NOT_FOUND


def test_every_drill_is_on_the_page() -> None:
    """With what is broken and what must hold."""
    assert [names(row[0])[0] for row in tables("docs/reliability.md", "drill")] == list(DRILLS)
