"""The live line counts what the topics say, each thing once, and demos that are over are cleared away."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local_stack import addresses, processes
from local_stack.shop import homes
from local_stack.shop.counts import Counts
from local_stack.shop.live_line import sentence
from local_stack.shop.tally import on_page

LIVE = 1_000


def decision(outcome: str, reason: str, at: int = LIVE) -> dict[str, object]:
    return {"outcome": outcome, "reason": reason, "at": at}


def send(trigger: str, outcome: str, reason: str) -> dict[str, str]:
    return {"trigger_id": trigger, "outcome": outcome, "reason": reason}


def told(*records: tuple[str, dict[str, object] | dict[str, str]]) -> Counts:
    counts = Counts(LIVE)
    for topic, record in records:
        counts.hear(topic, dict(record))
    return counts


def test_a_claim_is_no_mail_and_the_last_answer_counts() -> None:
    """The ledger says unknown before it says sent; that is one mail, not two."""
    claimed = told(("triggers", {}), ("sends", send("a", "unknown", "claimed")))
    assert (claimed.mails, claimed.unanswered) == (0, 1)
    claimed.hear("sends", send("a", "sent", "sent"))
    assert (claimed.mails, claimed.unanswered) == (1, 0)


def test_mails_held_back_are_dropped_or_stopped_at_the_last_look() -> None:
    """Both are mails that somebody did not get, for a reason."""
    counts = told(
        ("decisions", decision("drop", "no_consent")),
        ("decisions", decision("drop", "converted")),
        ("decisions", decision("send", "sent")),
        ("sends", send("a", "not_sent", "converted")),
    )
    assert counts.held_back == {"converted": 2, "no_consent": 1}


def test_what_was_before_the_campaign_is_not_counted_as_a_signal() -> None:
    """Two weeks of history decide hundreds of times for nobody."""
    counts = told(("decisions", decision("would_have_sent", "before_live_from", LIVE - 1)))
    assert (counts.signals, counts.rehearsed) == (0, 1)


def test_the_live_line_says_everything_in_one_sentence() -> None:
    """What the issue asks for, in its order."""
    counts = told(
        ("segment-changes", {}),
        ("dead-letters", {"job": "profiles"}),
        ("dead-letters", {"job": "campaigns"}),
        ("decisions", decision("drop", "no_consent")),
    )
    assert sentence(2_000, 3, 100, counts) == (
        "2,000 events (3 late, 100 doubled, 1 rejected) · 1 segment changes · 1 signals · 0 mails · "
        "1 held back (no consent 1)"
    )


def test_counters_are_those_of_the_profiles_job_over_all_labels() -> None:
    """Both jobs count the same events."""
    name = "flink_taskmanager_job_task_operator_tidemark_late"
    page = f'{name}{{job_name="tidemark_profiles",sub="0"}} 3.0\n{name}{{job_name="tidemark_profiles",sub="1"}} 4.0\n'
    page += f'{name}{{job_name="tidemark_campaigns"}} 7.0\n{name}_more{{job_name="tidemark_profiles"}} 9.0\n'
    assert on_page(page, "late") == 7


def test_a_new_demo_clears_away_those_that_are_over_and_leaves_one_that_plays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every demo has data of its own, and the disk does not fill up with them."""
    monkeypatch.setattr(addresses, "LOCAL", tmp_path)
    over, plays = tmp_path / "demo-1", tmp_path / "demo-2"
    for home, birth in ((over, "0"), (plays, processes.birth(os.getpid()))):
        home.mkdir()
        (home / homes.PLAYER).write_text(f"{os.getpid()} {birth}")
    assert homes.new_home() == over
    assert plays.is_dir()
    assert (over / homes.PLAYER).read_text().split()[0] == str(os.getpid())
