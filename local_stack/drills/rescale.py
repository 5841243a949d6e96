"""rescale: parallelism 1 to 2 to 1 from savepoints, in the middle of the log."""

from __future__ import annotations

from local_stack.drills import oracle
from local_stack.drills.load import Load, letters
from local_stack.drills.report import Stage
from local_stack.drills.running import JOB, RunningJob
from local_stack.drills.scene import Scene
from local_stack.drills.witness import Witness

PARALLELISM = ("1", "2", "1")


def run(stage: Stage) -> None:
    """A third of the log under each parallelism."""
    scene = Scene.on(stage.addresses, "rescale", bound="2min", checkpoint_interval="2s", parallelism=PARALLELISM[0])
    post = letters(stage.report.seed)
    third = len(post) // len(PARALLELISM)
    with Load(scene, post) as load, Witness(scene, *oracle.CAMPAIGNS) as witness:
        load.give(third)
        job = RunningJob.begin(stage, scene, witness)
        for parallelism in PARALLELISM[1:]:
            job.wait_for_progress()
            job.late.check(job.id, stage.report)
            load.give(stage.dice.randrange(third // 2))  # so that the savepoint falls into the middle of something
            savepoint = scene.tidemark("stop", JOB, "--savepoint").strip()
            stage.report.tell(f"stopped at {savepoint.rpartition('/')[2]} with {witness.count():,} rows committed")
            load.give(third // 2)
            job.scene = scene = scene.with_settings(parallelism=parallelism)
            job.submit_again()
            found = scene.cluster.parallelism(job.id)
            stage.report.check("the job runs at the new parallelism", found == int(parallelism), str(found))
        job.wait_for_progress()
        job.finish(load.finish())
