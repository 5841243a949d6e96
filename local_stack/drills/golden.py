"""A savepoint that a release has left behind, and the log that it was made from: `python -m local_stack.drills.golden`.

tests/golden/savepoint/letters.json     the whole log, in the order of arrival
tests/golden/savepoint/made.json        the release's FORMAT, the settings, how many letters were given before
tests/golden/savepoint/state/           what `stop campaigns --savepoint` wrote
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import msgspec

from connectors.state_format import FORMAT
from local_stack import stack
from local_stack.addresses import ROOT, Addresses
from local_stack.drills.load import Load
from local_stack.drills.report import wait
from local_stack.drills.scene import PATIENCE_S, Scene
from local_stack.shop.arrival import Delivery, deliveries
from local_stack.shop.script import Plan
from udfs.time import MINUTE, Millis

FOLDER = ROOT / "tests" / "golden" / "savepoint"
JOB = "campaigns"
NAMESPACE = "savepoint"
SETTINGS = {"bound": "2min", "tick": "1min", "shards": "4", "checkpoint_interval": "1s"}
PLAN = Plan(days=2, visits_a_day=700, live=16 * MINUTE, live_visits=40, visits_after=10)
PEOPLE = frozenset(f"u_{number:04}" for number in range(380, 440))


class Made(msgspec.Struct):
    """How it was made; `decided` (ms) is what had been decided and committed by then."""

    format: int
    settings: dict[str, str]
    given: int
    decided: Millis


def letters() -> list[Delivery]:
    """The log as it was kept."""
    return msgspec.json.decode((FOLDER / "letters.json").read_bytes(), type=list[Delivery])


def made() -> Made:
    return msgspec.json.decode((FOLDER / "made.json").read_bytes(), type=Made)


def make(where: Addresses) -> None:
    """Write the golden savepoint anew, with the code that is here."""
    post = deliveries(PLAN)
    kept = [letter for letter in post.history if letter.is_beat or _is_kept(letter)]
    kept += [letter for letter in (*post.live, *post.day_after) if _is_kept(letter)]
    scene = Scene(where, NAMESPACE).with_settings(**SETTINGS).with_topics()
    with Load(scene, kept) as load:
        load.give(len(kept) // 2)
        job = scene.start(JOB, "--live-from", "beginning")
        decided = load.settle()
        wait(lambda: scene.committed("decisions") > 0, PATIENCE_S, "decisions")
        # Quiet for some checkpoints: a savepoint with a transaction to be committed would ask for this very broker.
        scene.wait_for_checkpoints(job, scene.cluster.checkpoints(job) + 10)
        savepoint = scene.tidemark("stop", JOB, "--savepoint").strip()
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(savepoint.removeprefix("file:"), FOLDER / "state")
    (FOLDER / "letters.json").write_bytes(msgspec.json.format(msgspec.json.encode(kept), indent=0))
    told = Made(FORMAT, SETTINGS, len(kept) // 2, decided)
    (FOLDER / "made.json").write_text(json.dumps(msgspec.to_builtins(told), indent=1) + "\n")


def _is_kept(letter: Delivery) -> bool:
    call = letter.call()
    return call is not None and call["userId"] in PEOPLE


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="tidemark-golden-"))
    try:
        make(stack.up(home, say=print))
    finally:
        stack.down(home, fresh=True)


if __name__ == "__main__":
    main()
