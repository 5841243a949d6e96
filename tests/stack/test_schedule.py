"""Scheduled sends on the real stack: a list is uploaded, and everybody is asked at an instant of their own."""

from __future__ import annotations

import json
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.config_files import read_config
from local_stack.addresses import ROOT, Addresses
from tests.calls import MUG, call, identify, sent
from tests.stack.place import Place
from tests.stack.test_memory_equals_flink import alike, plain, read_as_flink_does
from udfs.campaign_config import campaign_rule
from udfs.memory_driver import drive
from udfs.time import DAY, HOUR, MINUTE, SECOND, Millis

pytestmark = pytest.mark.stack

SOON: Millis = 90 * SECOND
SEND = """name = "{name}"
quiet_hours = "ignore"
reentry = "0d"
[schedule]
at = {at}
throttle = "5s"
[audience]
{audience}
[[steps]]
template = "newsletter"
"""


def shown(at: Millis) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%S}"


def test_a_list_and_a_segment_are_asked_at_their_instants_as_the_memory_driver_says(
    stack: Addresses, tmp_path: Path
) -> None:
    """The list at one instant for all; the segment an hour ago in Tokyo, and in a while by UTC."""
    place = Place.on(stack, "schedule", tick="1s", shards="4", parallelism="2", checkpoint_interval="1s")
    now = time.time_ns() // 1_000_000 // SECOND * SECOND
    began = now - DAY
    people = {"ada": "UTC", "bob": "Asia/Tokyo", "cleo": "UTC", "dan": "Asia/Tokyo"}
    place.beat(began - MINUTE)
    for n, (user, zone) in enumerate(people.items()):
        told = identify(began, user, f"c{n}", consent={"marketing": user != "cleo"}, timezone=zone)
        added = call("Product Added", began + 1, user, f"a{n}", cart_id="c", currency="EUR", **MUG)
        added["context"] = {}
        place.send([sent(told), *([sent(added)] if user in ("ada", "dan") else [])])

    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config, ignore=shutil.ignore_patterns("campaigns", "stories"))
    (config / "campaigns").mkdir()
    flash = SEND.format(name="flash", at=shown(now + SOON) + "Z", audience='list = "spring"')
    carts = SEND.format(name="carts", at=shown(now + SOON), audience='segment = "cart_open"')
    for name, text in (("flash", flash), ("carts", carts)):
        (config / "campaigns" / f"{name}.toml").write_text(text)
    listed = tmp_path / "people.csv"
    listed.write_text("id;name\nada;Ada\nbob;Bob\ncleo;Cleo\nada;Ada again\n")
    said = json.loads(place.tidemark("list", "upload", str(listed), "--name", "spring", "--column", "id", "--json"))
    place.submit("campaigns", began, config)
    assert said == {"list": "spring", "people": 3, "duplicates": 1, "refused": 0, "dry_run": False}

    stop_at = now + SOON + MINUTE
    place.beat(stop_at + 7 * SECOND)
    place.wait_for_decisions(5)
    rule = campaign_rule(read_config(config), began, place.history_from())
    decided = drive(rule, read_as_flink_does(place), stop_at, tick=HOUR, shards=3)
    decisions = place.records("decisions")
    assert alike(decisions + place.records("triggers")) == alike(map(plain, decided.emitted))
    by = sorted((one["campaign"], one["user_id"], one["reason"]) for one in decisions)
    assert by == [
        ("carts", "ada", "sent"),
        ("carts", "dan", "sent"),
        ("flash", "ada", "capped"),
        ("flash", "bob", "sent"),
        ("flash", "cleo", "no_consent"),
    ]
    place.tidemark("stop", "campaigns")
