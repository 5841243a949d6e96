"""tide: everybody falls silent but the clock; then one topic loses its heartbeats and comes back."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.config_files import CONFIG, read_config
from connectors.intake import Intake
from connectors.segment_spec import Parsed
from connectors.topics import KEPT
from local_stack.drills import oracle
from local_stack.drills.heart import heartbeats
from local_stack.drills.report import DrillError, Stage, wait
from local_stack.drills.running import RunningJob
from local_stack.drills.scene import PATIENCE_S, Scene
from local_stack.drills.witness import Witness
from udfs.time import SECOND, Millis

BOUND: Millis = 2 * SECOND
TICK: Millis = SECOND
MARGIN: Millis = 2 * SECOND
CARTS = 12
FEED = "purchase"
OTHERS = tuple(topic.name for topic in KEPT if topic.name != FEED)


def run(stage: Stage) -> None:
    """Live time: events are told as they happen, and `tidemark tide` writes a heartbeat a second."""
    scene = Scene.on(stage.addresses, "tide", "live", bound=f"{BOUND}ms", tick=f"{TICK}ms", checkpoint_interval="1s")
    folder = _impatient(stage.addresses.home / f"{scene.namespace}-config")
    with ExitStack() as readers, ExitStack() as clocks:
        enter = readers.enter_context
        clocks.enter_context(heartbeats(scene, *OTHERS))
        feed = clocks.enter_context(ExitStack())
        feed.enter_context(heartbeats(scene, FEED))
        committed = enter(Witness(scene, *oracle.CAMPAIGNS))
        decided = enter(Witness(scene, "decisions", isolation_level="read_uncommitted"))
        shop = enter(Intake(scene.addresses.kafka, scene.namespace))
        job = RunningJob.begin(stage, scene, committed, config=folder)
        scene.wait_for_checkpoints(job.id, 2)
        _silence(stage, shop, decided)
        _lost_feed(stage, scene, shop, feed, decided)
        clocks.close()
        log = oracle.read_log(scene)
        until = (log.tide + 1) // TICK * TICK - 1
        expected = oracle.rows(oracle.campaigns(log, 0, until, read_config(folder)).emitted)
        job.stop_when_there(log, expected)
        oracle.compare_campaigns(stage.report, scene, log, expected, committed)


def _silence(stage: Stage, shop: Intake, decided: Witness) -> None:
    _leave_carts(stage, shop, "quiet")
    stage.report.tell(f"{CARTS} carts are left; from now on all topics are silent but for heartbeats")
    wait(lambda: decided.count() >= CARTS, PATIENCE_S, f"{CARTS} decisions", every=0.1)
    delays = sorted(heard - at for at, heard in decided.heard())
    allowed = BOUND + TICK + MARGIN
    found = f"{delays[len(delays) // 2]} ms in the middle, {delays[-1]} ms at most"
    stage.report.check(f"deadlines are decided within {allowed} ms in silence", delays[-1] <= allowed, found)
    stage.report.figures["decided after ms"] = delays


def _lost_feed(stage: Stage, scene: Scene, shop: Intake, feed: ExitStack, decided: Witness) -> None:
    """The orders of half of the carts are under way in a topic of which nothing is heard."""
    feed.close()
    left = _leave_carts(stage, shop, "held")
    stage.report.tell(f"{FEED} has lost its heartbeats; {CARTS} more carts are left")
    took = wait(lambda: _holds_the_tide(scene), PATIENCE_S, f"`status` saying that {FEED} holds the tide", every=1)
    stage.report.check(f"`status` says that {FEED} holds the tide", True, f"after {took:.0f} s")
    found = decided.count() - CARTS
    stage.report.check("nothing is decided on what is not known", found == 0, f"{found} decisions")
    buyers = left[::2]
    for person, at in buyers:
        _tell(shop, "Order Completed", person, at + SECOND, order_id=f"o-{person}", total=9.5)
    shop.flush()
    feed.enter_context(heartbeats(scene, FEED))
    stage.report.tell(f"{FEED} is back, with {len(buyers)} orders of before the deadlines")
    others = CARTS + len(left) - len(buyers)
    wait(lambda: decided.count() >= others, PATIENCE_S, "decisions on the carts without an order")
    time.sleep(2)
    stage.report.check("only the carts without an order are decided on", decided.count() == others, f"{others}")


def _leave_carts(stage: Stage, shop: Intake, who: str) -> list[tuple[str, Millis]]:
    left = []
    for number in range(CARTS):
        person, at = f"{who}-{number}", time.time_ns() // 1_000_000
        _tell(shop, "Product Added", person, at, cart_id="c1", product_id="mug", price=9.5, quantity=1)
        shop.flush()
        left.append((person, at))
        time.sleep(stage.dice.uniform(0.05, 0.4))
    return left


def _tell(shop: Intake, event: str, person: str, at: Millis, **properties: Any) -> None:
    moment = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    told = {"type": "track", "event": event, "messageId": f"{event}-{person}", "userId": person, "timestamp": moment}
    call = shop.read(json.dumps(told | {"properties": properties | {"currency": "EUR"}}).encode())
    if not isinstance(call, Parsed):
        raise DrillError(f"{event} is refused: {call}")
    shop.send(call)


def _holds_the_tide(scene: Scene) -> bool:
    rows = json.loads(scene.tidemark("status", "--json"))
    (name,) = scene.names(FEED)
    return any(row["name"].startswith(f"{name}/") and row["state"].startswith("holds the tide") for row in rows)


def _impatient(folder: Path) -> Path:
    """The shipped configuration with a campaign that waits seconds; ten minutes are long for a drill."""
    shutil.copytree(CONFIG, folder)
    campaign = folder / "campaigns" / "cart_abandonment.toml"
    text = campaign.read_text("utf-8")
    if 'wait = "10min"' not in text:
        raise DrillError(f"{campaign} no longer waits 10min: the drill must be told")
    campaign.write_text(text.replace('wait = "10min"', 'wait = "8s"'), "utf-8")
    return folder
