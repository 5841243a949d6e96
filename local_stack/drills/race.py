"""Two campaigns that want every cart at the same instant, under a cap that lets one of them have it."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from connectors.config_files import CONFIG
from local_stack.drills.report import Report
from udfs.decisions import SEND
from udfs.outputs import Decision
from udfs.time import Millis

FIRST, RIVAL = "cart_abandonment", "rival"
LOST = frozenset({"capped", "quiet_hours"})  # by day, and where both had been held through the night

Race = tuple[str, str, str, Millis]


def configuration(folder: Path) -> Path:
    """The shipped one with a second campaign beside it, the same but for its name and a lower priority."""
    shutil.copytree(CONFIG, folder)
    shipped = (folder / "campaigns" / f"{FIRST}.toml").read_text("utf-8")
    rival = shipped.replace(f'name = "{FIRST}"', f'name = "{RIVAL}"\npriority = 40')
    (folder / "campaigns" / f"{RIVAL}.toml").write_text(rival, "utf-8")
    return folder


def check(report: Report, decisions: Iterable[Decision]) -> None:
    """In every race that somebody won there is one winner, and the campaign of the higher priority wins."""
    races: defaultdict[Race, dict[str, Decision]] = defaultdict(dict)
    for told in decisions:
        if told.step == 1:
            races[told.user_id, told.cart_id or "", told.facts["spell_start"], told.at][told.campaign] = told
    won = lost = 0
    for race in races.values():
        if len(race) < 2 or SEND not in {told.outcome for told in race.values()}:
            continue
        won += race[FIRST].outcome == SEND and race[RIVAL].reason in LOST
        lost += race[FIRST].outcome == race[RIVAL].outcome or race[FIRST].reason in LOST
    report.check(
        "of two campaigns that want one cart exactly one has it, and always the one of the higher priority",
        won > 0 and not lost,
        f"{won} races, {lost} of them decided otherwise",
    )
