"""The report counts what a person with the records in hand would count, in slices or at once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from cli.__main__ import command_line
from cli.figures import Followed, difference, figures, lines
from connectors.archive import reading
from connectors.archive.archiver import Archiver
from connectors.archive.reading import in_slices
from tests.unit.archived import T0, Notebook, archive, consumed, decision, event, send
from udfs.campaign_report import AFTERWARDS, WANTED, Period, add_up, tally
from udfs.time import DAY, HOUR, Millis

FOREVER = Period(0, 1 << 62, T0 + 100 * DAY)


def kept(folder: Path, topic: str, records: list[dict[str, Any]]) -> None:
    archive(Archiver(folder, "", Notebook()), topic, [consumed(topic, one, n) for n, one in enumerate(records)])


def order(user: str, at: Millis) -> dict[str, Any]:
    more = {"order_id": "o", "cart_id": None, "total": 4900, "currency": "EUR", "products": None}
    return dict(event("purchase", user, at, "Order Completed", **more))


def click(user: str, at: Millis, campaign: str = "cart_abandonment") -> dict[str, Any]:
    fields = ("version", "channel", "template", "trigger_id", "link")
    more = {"campaign": campaign, "step": 1, **dict.fromkeys(fields)}
    return dict(event("email-events", user, at, "Email Link Clicked", **more))


def counted(folder: Path, period: Period = FOREVER) -> list[dict[str, Any]]:
    tables = in_slices({topic: folder / topic for topic in WANTED}, WANTED)
    parts = ({topic: pl.DataFrame(pl.from_arrow(one)) for topic, one in own.items()} for own in tables)
    return add_up(tally(own, period) for own in parts).to_dicts()


def test_a_campaign_is_counted_by_reason_and_followed_for_five_days(tmp_path: Path) -> None:
    """Considered, sent, held back, would have sent; mails; clicked and ordered against those held out."""
    told = [
        decision("ada", T0, 1),
        decision("bea", T0, 2),
        decision("cleo", T0, 3, "drop", "no_consent"),
        decision("dora", T0, 4, "would_have_sent", "holdout"),
        decision("emil", T0, 5, "defer", "quiet_hours"),
        decision("ada", T0 + DAY, 6, step=2),
    ]
    kept(tmp_path, "decisions", told)
    ends = [("ada", "unknown", "claimed", 1), ("ada", "sent", "sent", 1), ("bea", "not_sent", "converted", 2)]
    kept(
        tmp_path,
        "sends",
        [
            send(user, T0 + HOUR, outcome, reason, n, trigger_id=str(trigger))
            for n, (user, outcome, reason, trigger) in enumerate(ends)
        ],
    )
    kept(tmp_path, "purchase", [order("ada", T0 + AFTERWARDS), order("bea", T0), order("dora", T0 + AFTERWARDS + 1)])
    kept(tmp_path, "email-events", [click("bea", T0 + HOUR), click("ada", T0 + HOUR, "another")])
    (one,) = figures(counted(tmp_path))
    assert one.considered == 6
    assert one.decisions == {
        "send": {"sent": 3},
        "drop": {"no_consent": 1},
        "would_have_sent": {"holdout": 1},
        "defer": {"quiet_hours": 1},
    }
    assert one.mails == {"sent": {"": 1}, "not_sent": {"converted": 1}}
    assert one.sent == Followed(2, clicked=1, ordered=1)
    assert one.held_out == Followed(1, clicked=0, ordered=0)
    assert list(lines(one)) == [
        "cart_abandonment: considered 6",
        "  sent                    3",
        "  held back               1  (no_consent 1)",
        "  would have sent         1  (holdout 1)",
        "  put off                 1  (quiet_hours 1); 1 wait for their answer",
        "  mails sent              1",
        "  mails not_sent          1  (converted 1)",
        "  of 2 first mails, five days on: 1 clicked (50.0%), 1 ordered (50.0%)",
        "  of 1 held out: 0 ordered (0.0%); too few to compare",
    ]


def test_a_replayed_decision_counts_once_and_by_its_last_word(tmp_path: Path) -> None:
    """A job that reads its log again writes the same ids."""
    kept(tmp_path, "decisions", [decision("ada", T0, 1), decision("ada", T0, 1, "drop", "paused")])
    (one,) = figures(counted(tmp_path))
    assert (one.considered, one.decisions) == (1, {"drop": {"paused": 1}})


def test_mails_whose_five_days_are_not_over_are_not_judged(tmp_path: Path) -> None:
    """Their orders may still come."""
    kept(tmp_path, "decisions", [decision("ada", T0, 1), decision("bea", T0 + DAY, 2)])
    for topic in ("sends", "purchase", "email-events"):
        (tmp_path / topic).mkdir(exist_ok=True)
    (one,) = figures(counted(tmp_path, Period(0, 1 << 62, T0 + AFTERWARDS)))
    assert one.sent.count == 1


def test_variants_are_told_apart(tmp_path: Path) -> None:
    """That is what they are for."""
    kept(tmp_path, "decisions", [decision(f"u{n}", T0, n, variant="ab"[n % 2]) for n in range(5)])
    kept(tmp_path, "purchase", [order("u1", T0 + HOUR)])
    (one,) = figures(counted(tmp_path))
    assert one.variants == {"a": Followed(3), "b": Followed(2, ordered=1)}
    assert one.sent == Followed(5, ordered=1)


people = st.sampled_from(["ada", "bea", "cleo", "dora"])
times = st.integers(0, 12).map(lambda day: T0 + day * DAY)
ends = st.sampled_from([("send", "sent"), ("drop", "capped"), ("would_have_sent", "holdout"), ("defer", "quiet_hours")])


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(people, times, ends, st.sampled_from(["x", "y"]), st.integers(1, 2)), max_size=30),
    st.lists(st.tuples(people, times), max_size=10),
    st.integers(1, 8),
)
def test_counts_are_those_of_a_count_by_hand_however_it_is_sliced(
    tmp_path_factory: pytest.TempPathFactory,
    told: list[tuple[str, Millis, tuple[str, str], str, int]],
    orders: list[tuple[str, Millis]],
    slice_rows: int,
) -> None:
    """No person is split, doubled or lost between slices."""
    folder = tmp_path_factory.mktemp("archive")
    records = [
        decision(user, at, n, outcome, reason, campaign=campaign, step=step)
        for n, (user, at, (outcome, reason), campaign, step) in enumerate(told)
    ]
    for topic in WANTED:
        (folder / topic).mkdir()
    kept(folder, "decisions", records)
    kept(folder, "purchase", [order(user, at) for user, at in orders])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "ROWS_A_SLICE", slice_rows)
        rows = counted(folder)
    said = {(row["campaign"], row["outcome"], row["reason"]): row["count"] for row in rows if row["kind"] == "decision"}
    assert said == Counter((campaign, *end) for _, _, end, campaign, _ in told)
    followed = Counter(
        (campaign, "holdout" if end[1] == "holdout" else "send", after)
        for user, at, end, campaign, step in told
        if step == 1 and end[0] in ("send", "would_have_sent")
        for after in (any(who == user and at < then <= at + AFTERWARDS for who, then in orders),)
    )
    for row in rows:
        if row["kind"] == "followed":
            assert row["ordered"] == followed[row["campaign"], row["outcome"], True]
            assert row["count"] - row["ordered"] == followed[row["campaign"], row["outcome"], False]


def test_a_difference_comes_with_how_sure_it_is() -> None:
    """A point more among forty people is nothing."""
    assert difference(Followed(1000, ordered=120), Followed(100, ordered=10)) == (
        "+2.0 points by the mails (95% between -4.2 and +8.2)"
    )
    assert difference(Followed(1000, ordered=120), Followed(29)) == "too few to compare"


def test_the_command_prints_json_and_knows_no_campaign_that_decided_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a stack: the archive is enough."""
    monkeypatch.setenv("TIDEMARK_ARCHIVE", str(tmp_path))
    monkeypatch.setenv("TIDEMARK_KAFKA", "127.0.0.1:1")
    runner = CliRunner()
    assert runner.invoke(command_line(), ["report"]).exit_code == 8
    kept(tmp_path, "decisions", [decision("ada", T0, 1), decision("ada", T0 + DAY, 2)])
    said = runner.invoke(command_line(), ["report", "--until", "2026-10-13T00:00:00Z", "--json"])
    assert json.loads(said.stdout)[0]["decisions"] == {"send": {"sent": 1}}
    assert runner.invoke(command_line(), ["report", "--campaign", "nothing"]).exit_code == 8
