"""broker: Kafka is killed and started again under load."""

from __future__ import annotations

import time

from local_stack.drills import harm, oracle
from local_stack.drills.load import Load, letters
from local_stack.drills.report import Stage
from local_stack.drills.running import RunningJob
from local_stack.drills.scene import Scene
from local_stack.drills.witness import Witness

INTERVAL_S = 3


def run(stage: Stage) -> None:
    """As often as there are moments; the load, the job and the second reader stay as they are."""
    scene = Scene.on(stage.addresses, "broker", bound="2min", checkpoint_interval=f"{INTERVAL_S}s")
    post = letters(stage.report.seed, size=stage.moments + 2)
    with Load(scene, post) as load, Witness(scene, *oracle.CAMPAIGNS) as witness:
        load.give(1_000)
        job = RunningJob.begin(stage, scene, witness)
        load.flow()
        struck = 0
        while struck < stage.moments:
            job.wait_for_progress()
            pause_s = stage.dice.uniform(0, INTERVAL_S)
            struck += job.strike("kill -9 of the broker", lambda: _kill(stage), pause_s, broker_lives=False)
            time.sleep(stage.dice.uniform(0, 5))
            harm.start_part(stage.addresses.home, "kafka")
            stage.report.tell("the broker serves again")
        job.wait_for_progress()
        job.finish(load.finish())


def _kill(stage: Stage) -> None:
    harm.kill_part(stage.addresses.home, "kafka")
