"""The benchmarks run, at a size at which only rows and shapes can be judged, and tell the truth about both."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import msgspec
import polars as pl
import pytest

from benchmarks import compare, oracle, process_tree, report, runner, stream_input
from benchmarks.__main__ import main
from benchmarks.case import Benchmark, Case
from benchmarks.catalogue import BENCHMARKS, TARGETS, met, targets_of
from benchmarks.results import Record, Sample, known, read
from benchmarks.small_ticks import JOBS

WITHOUT_FLINK = ("decode", "redis", "memory-driver", "backtest", "explain", "rule-costs")
KEYS = {"engine", "cores", "events", "events_per_second", "events_per_cpu_second", "peak_mb", "rows_equal"}


@pytest.mark.parametrize("name", WITHOUT_FLINK)
def test_a_benchmark_writes_its_record_and_its_rows_are_right(name: str, tmp_path: Path) -> None:
    """Its figures are of no interest here."""
    path = tmp_path / "record.json"
    events = str(BENCHMARKS[name].smoke)
    assert main([name, "--events", events, "--runs", "1", "--json", str(path)]) == 0
    told = json.loads(path.read_bytes())
    assert {"benchmark", "machine", "versions", "results"} <= told.keys()
    assert told["benchmark"] == name
    assert told["results"]
    for result in told["results"]:
        assert result.keys() >= KEYS
        assert result["rows_equal"] is True
        assert result["events_per_cpu_second"] > 0


def test_the_operator_without_flink_says_what_the_memory_driver_says(tmp_path: Path) -> None:
    """Ticks of ten events, of both jobs; and the shared job what sorting all events at once says."""
    for job in JOBS:
        words = ["--events", "640", "--each", "10", "--job", job]
        used = process_tree.run([sys.executable, "-m", "benchmarks.small_ticks", *words], {}, tmp_path / "log")
        assert json.loads(used.told.removeprefix("RESULT "))["rows_equal"] is True


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_dry_run_says_each_command_once(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What would run can be read and copied; nothing is started."""
    assert main([name, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines
    assert len(lines) == len(set(lines))
    assert all("taskset -c 0" in line and " -m benchmarks." in line for line in lines)


def _program(tmp_path: Path, body: str) -> Case:
    (tmp_path / "engine.py").write_text(f"import sys, json\nevents = int(sys.argv[1])\n{body}\n")
    environment = {"PYTHONPATH": str(tmp_path)}
    return Case("other", "a case", ("engine", "{events}"), 2_000, start_up=1_000, environment=environment)


def test_wrong_rows_are_told_as_wrong_and_end_with_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """However fast they came."""
    told = (
        """print("RESULT " + json.dumps({"elapsed": events / 1e6, "cpu": events / 1e6, "rows_equal": events < 2000}))"""
    )
    case = _program(tmp_path, told)
    monkeypatch.setitem(BENCHMARKS, "wrong", Benchmark("wrong", "nothing", 1, lambda _: [case]))
    path = tmp_path / "record.json"
    assert main(["wrong", "--runs", "2", "--json", str(path)]) == 2
    result = read(path).results[0]
    assert not result.rows_equal
    assert result.runs == 2
    assert "WRONG" in capsys.readouterr().out
    assert "WRONG" in report.pages([read(path)])[report.PAGE] if "wrong" in BENCHMARKS else True


def test_start_up_is_taken_off(tmp_path: Path) -> None:
    """A run over few events costs the start-up and little more."""
    case = _program(tmp_path, """print("RESULT " + json.dumps({"elapsed": 5 + events / 1000, "cpu": 7 + events / 100,
        "rows_equal": True}))""")  # fmt: skip
    record = runner.run(Benchmark("b", "", 1, lambda _: [case]), [case], 1, "", tmp_path / "r.json", lambda _: None)
    assert record.results[0].events_per_second == 1_000
    assert record.results[0].events_per_cpu_second == 100


def test_a_program_that_fails_is_told_with_its_command(tmp_path: Path) -> None:
    """And where its last words are."""
    case = _program(tmp_path, "sys.exit(3)")
    with pytest.raises(runner.BenchmarkError, match=r"code 3 .* run it yourself:\n  .*taskset"):
        runner.run(Benchmark("b", "", 1, lambda _: [case]), [case], 1, "", tmp_path / "r.json", lambda _: None)


def test_the_cpu_of_children_counts(tmp_path: Path) -> None:
    """Also of those that have left their parents, as Flink's workers do."""
    work = "import time\nwhile time.process_time() < 0.7: pass"
    started = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {work!r}]).wait()"
    used = process_tree.run([sys.executable, "-c", started], {}, tmp_path / "log")
    assert used.code == 0
    assert used.cpu > 0.4


def test_whoever_ends_a_benchmark_ends_its_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those that have left their parents."""
    pids = tmp_path / "pids"
    forever = f"import os, time\nwith open({str(pids)!r}, 'a') as f: print(os.getpid(), file=f)\ntime.sleep(600)"
    started = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {forever!r}], start_new_session=True)"

    def interrupted(_: float) -> None:
        if pids.exists() and len(pids.read_text().splitlines()) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted)
    with pytest.raises(KeyboardInterrupt):
        process_tree.run([sys.executable, "-c", f"{started}\n{forever}"], {}, tmp_path / "log")
    monkeypatch.undo()
    deadline = time.monotonic() + 30
    while left := [pid for pid in pids.read_text().split() if Path("/proc", pid, "exe").exists()]:
        assert time.monotonic() < deadline, left
        time.sleep(0.05)


@pytest.fixture(scope="module")
def million() -> pl.DataFrame:
    return stream_input.frame(stream_input.BLOCK)


def test_the_input_is_what_its_module_says(million: pl.DataFrame) -> None:
    """The same work for every engine, today and in a year."""
    assert million["event_id"].n_unique() == 950_000
    assert million["user_id"].n_unique() == 49_257
    assert (million["ts"].cum_max() - million["ts"]).max() == 59_994
    assert million.head(1_000).equals(stream_input.frame(1_000))


def test_the_right_answer_has_the_totals_that_two_others_found(million: pl.DataFrame) -> None:
    """A sort in plain Python and a streaming program, both written before this one."""
    rows = oracle.right_rows(million)
    assert (rows.windows.height, rows.windows["sum"].sum()) == (1_707_031, 7_120_605)
    carts = rows.sessions.filter((pl.col("cart") == 1) & (pl.col("purchase") == 0))
    assert (rows.sessions.height, carts.height) == (163_575, 23_389)


def test_a_missing_a_doubled_and_a_changed_row_are_seen(tmp_path: Path) -> None:
    """Each of them alone."""
    rows = oracle.right_rows(stream_input.frame(500))

    def told(windows: pl.DataFrame) -> str:
        windows.write_csv(tmp_path / "rows.win", include_header=False)
        rows.sessions.write_csv(tmp_path / "rows.ses", include_header=False)
        return oracle.differences(str(tmp_path / "rows"), 500, tmp_path)

    right = rows.windows
    assert told(right.sample(fraction=1, shuffle=True, seed=1)) == ""
    assert "1 missing" in told(right.head(right.height - 1))
    assert f"{right.height + 1:,} rows" in told(pl.concat([right, right.head(1)]))
    assert "missing" in told(right.with_columns(pl.col("sum") + 1))


def test_two_records_are_compared_case_by_case(tmp_path: Path) -> None:
    """As ratios; what only one of them has is left out."""
    case = _program(tmp_path, """print("RESULT " + json.dumps({"elapsed": 1, "cpu": events / 1000,
        "rows_equal": True}))""")  # fmt: skip
    for name in ("old", "new"):
        runner.run(Benchmark("b", "", 1, lambda _: [case]), [case], 1, "", tmp_path / name, lambda _: None)
    assert "1.00" in compare.table(tmp_path / "old", tmp_path / "new")


def test_every_target_belongs_to_a_benchmark() -> None:
    """A misspelt name would never be missed."""
    assert {target.benchmark for target in TARGETS} <= set(BENCHMARKS)


def test_a_target_is_not_met_by_wrong_rows(tmp_path: Path) -> None:
    """Speed is no excuse."""
    case = Case("tidemark", "glued to columns, ticks", (), 1)
    sample = Sample(1.0, 1e-9, 1.0, False)
    result = runner._result(case, [sample])
    record = Record(benchmark="decode", made="", machine={}, versions={}, command="", results=[result])
    target = targets_of(record, result)[0]
    assert not met(target, record, result)
    assert met(target, record, msgspec.structs.replace(result, rows_equal=True))


def test_an_unknown_name_is_told_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing is run."""
    assert main(["decoed"]) == 1
    assert "choose one of decode" in capsys.readouterr().err


def test_the_page_and_its_plots_are_made_from_the_records() -> None:
    """Nobody has to remember to write a figure down."""
    records: list[Record] = known()
    for path, text in report.pages(records).items():
        assert path.is_file(), f"{path} is missing: python -m benchmarks report"
        assert path.read_text() == text, f"{path} is out of date: python -m benchmarks report"
