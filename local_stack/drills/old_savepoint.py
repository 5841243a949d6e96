"""savepoint: what the previous release has left behind is gone on from; state of another format is refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path

from connectors.state_format import FORMAT
from local_stack.addresses import ROOT
from local_stack.drills import golden, oracle
from local_stack.drills.load import Load
from local_stack.drills.report import Stage
from local_stack.drills.running import RunningJob
from local_stack.drills.scene import CommandError, Scene
from local_stack.drills.witness import Witness

CODE = ("avro_schemas", "cli", "config", "connectors", "jobs", "local_stack", "udfs")


def run(stage: Stage) -> None:
    """The log of then up to the same letter, the job from the savepoint of then, and the rest of the log."""
    then = golden.made()
    scene = Scene(stage.addresses, golden.NAMESPACE).with_settings(**then.settings).with_topics()
    with Load(scene, golden.letters()) as load, Witness(scene, *oracle.CAMPAIGNS) as witness:
        load.give(then.given)
        load.settle()
        state = ["--from", str(golden.FOLDER / "state")]
        job = RunningJob.begin(stage, scene, witness, *state)
        stage.report.tell(f"went on from the savepoint of FORMAT {then.format}")
        stop_at = load.finish()
        log = oracle.read_log(scene)
        rows = oracle.rows(oracle.campaigns(log, 0, stop_at).emitted)
        behind = oracle.Rows({row: count for row, count in rows.items() if oracle.moment(row) > then.decided})
        before = rows.total() - behind.total()
        stage.report.check("the savepoint has decided things before", before > 0, f"{before} decisions and triggers")
        job.stop_when_there(log, behind)
        oracle.compare_campaigns(stage.report, scene, log, behind, witness)
        _refuse_other_format(stage, scene)


def _refuse_other_format(stage: Stage, scene: Scene) -> None:
    """The same code with the next FORMAT is the next release; it is given the state of this one."""
    home = _next_release(stage.addresses.home / "next-release")
    try:
        scene.tidemark("submit", golden.JOB, "--from", "latest", root=home)
    except CommandError as refusal:
        sentence = str(refusal).strip().splitlines()[-1]
        named = f"FORMAT {FORMAT}," in sentence and f"FORMAT {FORMAT + 1}" in sentence
        stage.report.check("state of another format is refused by name", named, sentence)
    else:
        stage.report.check("state of another format is refused by name", False, "it was accepted")


def _next_release(home: Path) -> Path:
    shutil.rmtree(home, ignore_errors=True)
    for package in CODE:
        shutil.copytree(ROOT / package, home / package, ignore=shutil.ignore_patterns("__pycache__"))
    version = home / "connectors" / "state_format.py"
    version.write_text(version.read_text().replace(f"FORMAT = {FORMAT}", f"FORMAT = {FORMAT + 1}"))
    return home
