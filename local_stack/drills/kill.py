"""kill: the TaskManager, the Python worker alone and the JobManager, each at random moments under load.

Meanwhile two campaigns race for every cart under one cap.
"""

from __future__ import annotations

import time
from functools import partial

from local_stack.drills import harm, oracle, race
from local_stack.drills.load import Load, letters
from local_stack.drills.report import DrillError, Stage
from local_stack.drills.running import RunningJob
from local_stack.drills.scene import Scene
from local_stack.drills.witness import Witness

VICTIMS = ("taskmanager", "worker", "jobmanager")
INTERVAL_S = 3


def run(stage: Stage) -> None:
    """Each victim `stage.moments` times, in a random order."""
    order = [victim for victim in VICTIMS for _ in range(stage.moments)]
    stage.dice.shuffle(order)
    scene = Scene.on(stage.addresses, "kill", bound="2min", checkpoint_interval=f"{INTERVAL_S}s")
    post = letters(stage.report.seed, size=len(order) + 1)
    config = race.configuration(stage.addresses.home / f"{scene.namespace}-config")
    with Load(scene, post) as load, Witness(scene, *oracle.CAMPAIGNS) as witness:
        load.give(1_000)
        job = RunningJob.begin(stage, scene, witness, config=config)
        load.flow()
        while order:
            victim = order.pop(0)
            job.wait_for_progress()
            pause_s = stage.dice.uniform(0, INTERVAL_S)
            load.flow()
            if job.strike(f"kill -9 of the {victim}", partial(_kill, stage, victim), pause_s):
                load.hold()  # until what was in flight is committed: a busy machine takes minutes to mend this
            else:
                order.append(victim)
            _mend(job, victim)
        job.wait_for_progress()
        stop_at = load.finish()
        job.finish(stop_at)
    race.check(stage.report, oracle.decisions(scene))


def _kill(stage: Stage, victim: str) -> None:
    home = stage.addresses.home
    if victim != "worker":
        harm.kill_part(home, victim)
    elif not harm.kill_workers(home):
        raise DrillError("there is no Python worker to kill")


def _mend(job: RunningJob, victim: str) -> None:
    """Start it as a supervisor would; Flink starts workers by itself, and a JobManager has forgotten its jobs."""
    home = job.scene.addresses.home
    if victim == "taskmanager":
        harm.start_part(home, victim)
    elif victim == "jobmanager":
        time.sleep(1)
        harm.start_part(home, victim)
        job.submit_again()
