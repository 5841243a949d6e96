"""A backtest decides what the jobs decide, writes the same bytes for the same input, and stumbles over no line."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from cli import exits
from cli.__main__ import command_line
from cli.backtest import CONFIG, found_in, read_campaigns
from cli.backtest_report import _answer, _over_time
from cli.plots import columns
from cli.rehearsal import Terms, read_history, rehearse
from connectors import history
from connectors.config_files import read_config
from connectors.effective_time import Marks
from connectors.person_log import partition_of
from tests.baskets.diary import iso
from tests.baskets.shop import shop
from tests.baskets.through_wire import as_events, as_records
from udfs.abandonment import Abandonment
from udfs.campaign_config import campaign_rule
from udfs.config_error import ConfigError
from udfs.memory_driver import drive
from udfs.outputs import Decision
from udfs.rehearsal_waits import WAITS, WaitRow, with_wait
from udfs.time import HOUR, MINUTE

VISITS = 300
FILES = {"decisions.jsonl", "decisions.parquet", "summary.json", "refused.jsonl", "report.html"}


@cache
def decided() -> list[dict[str, Any]]:
    """What the memory driver says of the shop's records, two days beyond the last of them."""
    what = shop(VISITS)
    rule = campaign_rule(read_config(), what.live_from, what.calls[0][0])
    story = drive(rule, as_events(as_records(what.calls)), what.last + 48 * HOUR)
    return [msgspec.to_builtins(told) for told in story.emitted if isinstance(told, Decision)]


def alike(decisions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(decisions, key=lambda told: str(told["decision_id"]))


def run(*arguments: str) -> Any:
    ran = CliRunner().invoke(command_line(), ["backtest", *arguments])
    assert ran.exit_code == 0, ran.output
    return ran


def backtest(log: Path, out: Path, *more: str) -> list[dict[str, Any]]:
    arguments = ["--events", str(log), "--out", str(out), "--run-on", "48h", "--processes", "1", *more]
    run(*arguments, "--live-from", iso(shop(VISITS).live_from))
    return [json.loads(line) for line in (out / "decisions.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shop(VISITS).write(tmp_path_factory.mktemp("log") / "visits.jsonl")


@pytest.fixture(scope="module")
def out(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    backtest(log, folder)
    return folder


def test_a_backtest_decides_what_the_memory_driver_decides(out: Path) -> None:
    """That driver is held equal to the jobs on Flink; facts and ids included."""
    told = [json.loads(line) for line in (out / "decisions.jsonl").read_text().splitlines()]
    assert len(told) > 100
    assert alike(told) == alike(decided())


def test_the_table_has_the_decisions_of_the_lines(out: Path) -> None:
    """Column by column under the names of the topic's fields."""
    lines = [json.loads(line) for line in (out / "decisions.jsonl").read_text().splitlines()]
    rows = pq.read_table(out / "decisions.parquet").to_pylist()
    rows = [row | {"facts": dict(row["facts"])} for row in rows]
    assert rows == lines
    schema = json.loads(Path("avro_schemas/decisions.avsc").read_text())
    assert list(rows[0]) == [field["name"] for field in schema["fields"]]


def test_the_same_input_gives_the_same_bytes_whoever_runs_it(log: Path, out: Path, tmp_path: Path) -> None:
    """Once more, and by three processes."""
    backtest(log, tmp_path / "again")
    backtest(log, tmp_path / "three", "--processes", "3")
    assert {path.name for path in out.iterdir()} == FILES
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes(), name
        assert (tmp_path / "three" / name).read_bytes() == (out / name).read_bytes(), name


def test_a_packed_log_and_a_log_in_two_files_give_the_same(log: Path, out: Path, tmp_path: Path) -> None:
    """Files are merged by time."""
    lines = log.read_bytes().splitlines(keepends=True)
    (tmp_path / "even.jsonl").write_bytes(b"".join(lines[::2]))
    with gzip.open(tmp_path / "odd.jsonl.gz", "wb") as packed:
        packed.write(b"".join(lines[1::2]))
    again = tmp_path / "out"
    backtest(tmp_path / "even.jsonl", again, "--events", str(tmp_path / "odd.jsonl.gz"))
    assert (again / "decisions.jsonl").read_bytes() == (out / "decisions.jsonl").read_bytes()


@pytest.mark.parametrize("size", [1_000, 4_321])
def test_the_size_of_the_parts_changes_nothing(log: Path, tmp_path: Path, size: int) -> None:
    """A line belongs to the part that it begins in; marks go on from part to part."""
    whole = history.join([history.read_part(part, tmp_path / "w") for part in history.parts([str(log)])], 1)
    reads = [
        history.read_part(part, tmp_path / f"{number}") for number, part in enumerate(history.parts([str(log)], size))
    ]
    cut = history.join(reads, 1)
    assert len(reads) > 10
    assert (cut.events, cut.lines, cut.bad, cut.late) == (whole.events, whole.lines, whole.bad, whole.late)
    for shard, batches in whole.batches.items():
        assert history.events_of(cut.batches[shard]) == history.events_of(batches)


def test_events_count_when_the_partitions_marks_say(tmp_path: Path) -> None:
    """An hour's worth of lines the wrong way round: nearly all of them are late."""
    calls = shop(VISITS).calls[:300][::-1]
    file = tmp_path / "back.jsonl"
    file.write_bytes(b"".join(msgspec.json.encode(call) + b"\n" for _, call in calls))
    read = history.join([history.read_part(history.parts([str(file)])[0], tmp_path / "kept")], MINUTE)
    marks, expected = Marks(MINUTE), {}
    for record in as_records(calls):
        at = marks.effective(record.topic, partition_of(record.key, 2), record.at)
        expected[record.key.decode(), at] = at > record.at
    found = {(event.user, event.at): event.late for some in read.batches.values() for event in history.events_of(some)}
    assert found == expected
    assert read.late > 200


def test_bad_lines_are_listed_and_stop_nothing(log: Path, tmp_path: Path) -> None:
    """With file, line and the reason that their dead letter would carry."""
    lines = log.read_bytes().splitlines(keepends=True)
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"\n".join([b"{", b"", b"".join(lines), b'{"type":"group","messageId":"m"}']))
    told = backtest(bad, tmp_path / "out")
    refused = [json.loads(line) for line in (tmp_path / "out" / "refused.jsonl").read_text().splitlines()]
    assert [(line["line"], line["reason"]) for line in refused] == [
        (1, "not_json"),
        (len(lines) + 4, "unsupported_type"),
    ]
    assert alike(told) == alike(decided())


def test_from_and_to_leave_out_events_and_end_the_clock(log: Path, tmp_path: Path) -> None:
    """A deadline up to the end is decided; nothing is known of what lies outside."""
    times = sorted(told["at"] for told in decided())
    since, until = times[len(times) // 3], times[2 * len(times) // 3]
    out = tmp_path / "out"
    run("--events", str(log), "--out", str(out), "--from", iso(since), "--to", iso(until), "--processes", "1")
    what = [call for call in shop(VISITS).calls if since <= call[0] < until]
    rule = campaign_rule(read_config(), 0, what[0][0])
    story = drive(rule, as_events(as_records(what)), until - 1)
    expected = [msgspec.to_builtins(told) for told in story.emitted if isinstance(told, Decision)]
    told = [json.loads(line) for line in (out / "decisions.jsonl").read_text().splitlines()]
    for one in (*told, *expected):  # the deployment of the one began a little before its first event
        one["facts"].pop("history_from")
    assert alike(told) == alike(expected)


def test_the_summary_adds_up(out: Path) -> None:
    """Counted once more from the decisions themselves."""
    said = json.loads((out / "summary.json").read_text())
    mails = [told for told in decided() if told["outcome"] == "send"]
    assert said["decisions"] == len(decided()) == sum(row["count"] for row in said["answers"])
    assert said["mails"] == len(mails) == sum(row["count"] for row in said["mails_by_hour"])
    assert said["people_mailed"] == len({told["user_id"] for told in mails})
    assert said["events"] == len(shop(VISITS).calls)
    assert max(row["count"] for row in said["mails_by_hour"]) == said["busiest_hour"][0]["count"]
    put_off = {told["signal_id"] for told in decided() if told["outcome"] == "defer"}
    ends = [told["outcome"] for told in decided() if told["outcome"] != "defer" and told["signal_id"] in put_off]
    assert said["quiet_hours"] == [
        {"campaign": "cart_abandonment", "put_off": len(put_off), "sent_later": ends.count("send"),
         "not_sent": len(ends) - ends.count("send"), "skipped": 0}
    ]  # fmt: skip
    assert min(said["quiet_hours"][0][name] for name in ("put_off", "sent_later", "not_sent")) > 0


def test_the_table_of_waits_is_what_each_wait_decides(out: Path) -> None:
    """Every row is a run of its own; an order within four hours overtakes a mail."""
    what = shop(VISITS)
    orders = [(event.user, event.at) for event in as_events(as_records(what.calls)) if event.name == "Order Completed"]
    expected = []
    for wait in WAITS:
        rule = campaign_rule(with_wait(read_config(), wait), what.live_from, what.calls[0][0])
        signal = rule.config.campaigns["cart_abandonment"].signal
        assert isinstance(signal, Abandonment)
        assert signal.wait == wait
        story = drive(rule, as_events(as_records(what.calls)), what.last + 48 * HOUR)
        first = [told for told in story.emitted if isinstance(told, Decision) and told.step == 1]
        mails = [told for told in first if told.outcome == "send"]
        crossed = [
            told for told in mails if any(user == told.user_id and 0 < at - told.at <= 4 * HOUR for user, at in orders)
        ]
        expected.append(
            WaitRow("cart_abandonment", wait, len({told.signal_id for told in first}), len(mails), len(crossed))
        )
    said = json.loads((out / "summary.json").read_text())["waits"]
    assert [WaitRow(**row) for row in said] == expected
    assert len({row.mails for row in expected}) > 1


def test_the_report_is_one_page_that_needs_nothing_else(out: Path) -> None:
    """No script, no font, no picture from anywhere."""
    page = (out / "report.html").read_text()
    assert page.count("<svg") >= 4
    assert "reentry_blocked" in page
    assert [word for word in ("<script", "<link", "src=", "href=", "@import") if word in page] == []


def test_plots_name_everything_within_the_page() -> None:
    """Nine campaigns have nine names, and a mail that was put off is told from one that was dropped."""
    names = [f"campaign_{number}" for number in range(9)]
    drawn = columns(["today"], [(name, [1]) for name in names])
    height = int(re.search(r'viewBox="0 0 860 (\d+)"', drawn)[1])  # type: ignore[index]
    for name in names:
        x, y = map(float, re.search(rf'x="([\d.]+)" y="([\d.]+)"[^>]*>{name}<', drawn).groups())  # type: ignore[union-attr]
        assert x < 700
        assert y < height
    rows = [{"campaign": "a", "step": 1, "outcome": said, "reason": "quiet_hours"} for said in ("defer", "drop")]
    assert [_answer(row) for row in rows] == ["a 1: put off, quiet_hours", "a 1: quiet_hours"]


def test_a_short_history_is_drawn_by_the_hour_and_a_long_one_by_the_day() -> None:
    """A year has too many hours for a page."""
    hours = [{"campaign": "a", "hour": hour * HOUR, "count": 1} for hour in range(0, 48, 5)]
    assert "Mails by hour" in "".join(_over_time(hours))
    assert "Mails by day" in "".join(_over_time([*hours, {"campaign": "a", "hour": 9_000 * HOUR, "count": 1}]))


def test_several_campaigns_of_one_folder_are_set_beside_each_other(log: Path, tmp_path: Path) -> None:
    """People whom both wanted are counted once for the pair, and a full cap is named."""
    shipped = (Path("config") / "campaigns" / "cart_abandonment.toml").read_text()
    (tmp_path / "a.toml").write_text(shipped)
    (tmp_path / "b.toml").write_text(shipped.replace('"cart_abandonment"', '"second"').replace('"10min"', '"20min"'))
    arguments = ("--events", str(log), "--campaigns", str(tmp_path), "--processes", "1", "--json")
    said = json.loads(run(*arguments).stdout)
    assert [row["campaigns"] for row in said["overlap"]] == [["cart_abandonment", "second"]]
    assert said["overlap"][0]["wanted_by_both"] > said["overlap"][0]["mailed_by_both"]
    assert {row["campaign"] for row in said["answers"]} == {"cart_abandonment", "second"}
    assert "cap_20h" in {row["cap"] for row in said["caps_hit"]}


def test_what_cannot_be_read_is_said_in_a_sentence(log: Path, tmp_path: Path) -> None:
    """A missing file, a damaged one, one without events, a folder without campaigns."""
    (tmp_path / "damaged.jsonl.gz").write_bytes(gzip.compress(log.read_bytes())[:5000])
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "notes.txt").write_text("no line of it is a call\n")
    ran = CliRunner().invoke(command_line(), ["backtest", "--events", str(tmp_path / "notes.txt"), "--processes", "1"])
    assert "notes.txt:1: not_json" in ran.stderr.splitlines()[0]
    for file in ("missing.jsonl", "damaged.jsonl.gz", "empty.jsonl"):
        ran = CliRunner().invoke(command_line(), ["backtest", "--events", str(tmp_path / file), "--processes", "1"])
        assert (ran.exit_code, len(ran.stderr.splitlines())) == (exits.INPUT, 1), ran.output
    (tmp_path / "none").mkdir()
    arguments = ["backtest", "--events", str(log), "--campaigns", str(tmp_path / "none")]
    assert CliRunner().invoke(command_line(), arguments).exit_code == exits.INPUT


def test_a_mistake_in_a_campaign_is_told_with_the_path_that_was_named(log: Path, tmp_path: Path) -> None:
    """Of a whole configuration, a folder of campaigns, or one file; not of the shipped one that it stands in for."""
    file = tmp_path / "campaigns" / "a.toml"
    file.parent.mkdir()
    file.write_text('name = "a"\nreentry = 7\n')
    for named in (tmp_path, file.parent, file):
        with pytest.raises(ConfigError, match=f"^{file}:2: reentry: "):
            read_campaigns(named, drafts=False)
    assert found_in(CONFIG, "config/campaigns/a.toml") == "config/campaigns/a.toml"


def test_a_wait_of_another_length_is_written_into_the_file() -> None:
    """With `latest` behind it, whatever the table said before."""
    files = {"campaigns/a.toml": b'[signal] # when\ntype = "cart_abandoned"\n wait="1min"\n[[steps]]\ntemplate = "t"\n'}
    assert with_wait(files, 300 * MINUTE)["campaigns/a.toml"] == (
        b'[signal] # when\nlatest = "5h"\nwait = "5h"\ntype = "cart_abandoned"\n[[steps]]\ntemplate = "t"\n'
    )


def test_the_engine_tells_how_far_it_is(log: Path, tmp_path: Path) -> None:
    """A bar that stands still is no bar."""
    done: list[int] = []
    read = read_history([str(log)], 1, tmp_path, None, done.append)
    assert sum(done) == log.stat().st_size
    done.clear()
    assert read.first is not None
    assert read.last is not None
    rehearse(read, Terms((read_config(),), 0, read.first, read.last), tmp_path, None, done.append)
    assert sum(done) == len(read.batches)


def test_drafts_are_rehearsed_when_they_are_asked_for(log: Path, tmp_path: Path) -> None:
    """Else they decide nothing, as in the running system."""
    shipped = (Path("config") / "campaigns" / "cart_abandonment.toml").read_text()
    (tmp_path / "a.toml").write_text(shipped.replace('class = "marketing"', 'state = "draft"'))
    arguments = ("--events", str(log), "--campaigns", str(tmp_path), "--processes", "1", "--json")
    assert json.loads(run(*arguments).stdout)["decisions"] == 0
    assert json.loads(run(*arguments, "--drafts").stdout)["mails"] > 0
