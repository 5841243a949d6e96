"""A backtest over files and the running system over the same files give the same decisions, every fact of them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from random import Random

import msgspec
import pytest

from local_stack.addresses import ROOT, Addresses
from tests.baskets.diary import iso
from tests.baskets.shop import shop
from tests.stack.place import Place
from udfs.time import HOUR, MINUTE

pytestmark = pytest.mark.stack

VISITS = 3_000
NEWS = "2017-03-20T10:00:00"
RUN_ON = "40d"  # until those who bought and never came back are missed


def untidy(folder: Path) -> Path:
    """A log as logs are: lines out of order, some by far, some twice, some no calls. Whoever tells of themselves is on
    the list of the newsletter."""
    dice = Random("untidy")
    arrivals = []
    for at, call in shop(VISITS).calls:
        late = dice.choice((0, 0, 0, 2_000, 4_000)) if dice.random() < 0.95 else dice.randrange(10_000, 3 * HOUR)
        on_list = {"traits": call["traits"] | {"lists": {"spring": True}}} if call["type"] == "identify" else {}
        line = msgspec.json.encode(call | on_list)
        arrivals += [(at + late, line)] + [(at + late + dice.randrange(20 * MINUTE), line)] * (dice.random() < 0.05)
    arrivals += [(dice.choice(arrivals)[0], b'{"type": "track"}') for _ in range(20)]
    arrivals.sort(key=lambda arrival: arrival[0])
    file = folder / "untidy.jsonl"
    file.write_bytes(b"".join(line + b"\n" for _, line in arrivals))
    return file


def all_live(folder: Path) -> Path:
    """The shipped configuration with its drafts as they are once somebody wants them, and a time within the log."""
    config = folder / "config"
    shutil.copytree(ROOT / "config", config)
    for file in (config / "campaigns").glob("*.toml"):
        live = file.read_text("utf-8").replace('state = "draft"', 'state = "live"')
        file.write_text(re.sub(r"(?m)^at = \S+", f"at = {NEWS}", live), "utf-8")
    return config


def test_a_backtest_equals_the_running_system(stack: Addresses, tmp_path: Path) -> None:
    """All shipped campaigns, each of which mails somebody; late events, doubled ones and refused lines included."""
    log, live_from, config = untidy(tmp_path), shop(VISITS).live_from, all_live(tmp_path)
    place = Place.on(stack, "backtest", parallelism="2")
    place.ingest(log)
    place.run_to_end("campaigns", live_from, run_on=RUN_ON, config=config)

    out = tmp_path / "out"
    arguments = ("--events", str(log), "--out", str(out), "--run-on", RUN_ON, "--live-from", iso(live_from), "--json")
    summary = json.loads(place.tidemark("backtest", *arguments, "--campaigns", str(config)))

    decided = {told["decision_id"]: told for told in place.records("decisions")}
    rehearsed = {
        told["decision_id"]: told
        for told in map(json.loads, (out / "decisions.jsonl").read_text(encoding="utf-8").splitlines())
    }
    assert rehearsed == decided
    assert summary["late"] > 100
    assert summary["duplicates"] > 100
    assert summary["refused_lines"] == len(place.records("dead-letters"))
    assert len(decided) > 500
    sent = {told["campaign"] for told in decided.values() if told["outcome"] == "send"}
    assert sent == {file.stem for file in (ROOT / "config" / "campaigns").glob("*.toml")}
