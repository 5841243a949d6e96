"""settings: old state under another tick, bound or shard count is refused, and the documented way on loses nothing."""

from __future__ import annotations

from local_stack.drills import oracle
from local_stack.drills.load import Load, letters
from local_stack.drills.report import Stage
from local_stack.drills.running import JOB, RunningJob
from local_stack.drills.scene import CommandError, Scene
from local_stack.drills.witness import Witness

CHANGED = {"tick": "30s", "shards": "7", "bound": "3min"}


def run(stage: Stage) -> None:
    """Each change alone is refused; then all of them at once, by `--write-after latest`."""
    scene = Scene.on(stage.addresses, "settings", bound="2min", checkpoint_interval="2s")
    post = letters(stage.report.seed)
    with Load(scene, post) as load, Witness(scene, *oracle.CAMPAIGNS) as witness:
        load.give(len(post) // 2 + stage.dice.randrange(1_000))
        job = RunningJob.begin(stage, scene, witness)
        stands_at = load.settle()
        log = oracle.read_log(scene)
        old = oracle.rows(oracle.campaigns(log, 0, stands_at).emitted)
        job.stop_when_there(log, old)
        for name, value in CHANGED.items():
            _must_refuse(stage, scene.with_settings(**{name: value}), f"TIDEMARK_{name.upper()}")

        job.scene = scene = scene.with_settings(**CHANGED)
        job.id = scene.start(JOB, "--write-after", "latest")
        stage.report.tell(f"submitted with {CHANGED} --write-after latest")
        stop_at = load.finish()
        log = oracle.read_log(scene)
        frontier = max(oracle.moment(row) for row in old)
        new = oracle.rows(oracle.campaigns(log, 0, stop_at).emitted)
        expected = old + oracle.Rows({row: count for row, count in new.items() if oracle.moment(row) > frontier})
        job.stop_when_there(log, expected)
        oracle.compare_campaigns(stage.report, scene, log, expected, witness)


def _must_refuse(stage: Stage, scene: Scene, name: str) -> None:
    try:
        scene.tidemark("submit", JOB, "--from", "latest")
    except CommandError as refusal:
        sentence = str(refusal).strip().splitlines()[-1]
        stage.report.check(
            f"another {name} is refused with a sentence", f"was written with {name}" in sentence, sentence
        )
    else:
        stage.report.check(f"another {name} is refused with a sentence", False, "it was accepted")
