"""redis: FLUSHALL, a server that stalls or comes back with older data, and a rebuild that readers watch."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import closing
from pathlib import Path

import redis

from local_stack import processes
from local_stack.drills import harm, oracle
from local_stack.drills.late import Late
from local_stack.drills.load import Load, letters
from local_stack.drills.report import DrillError, Stage, wait
from local_stack.drills.scene import PATIENCE_S, Scene
from local_stack.drills.view import EVERY_S, VERY_OFTEN_S, Epochs, Snapshots, watching
from udfs.time import Millis

JOB = "profiles"
WITHIN_S = 10.0
GRACE_S = 10.0  # to tell a view that comes too late from one that never comes


def run(stage: Stage) -> None:
    """Each loss under load as often as there are moments, a flush in silence, and a new epoch in the end."""
    scene = Scene.on(stage.addresses, "redis", bound="2min", checkpoint_interval="2s", parallelism="2")
    losses = [_flush, _come_back_older, _stall] * stage.moments
    stage.dice.shuffle(losses)
    late = Late(scene.cluster)
    with Load(scene, letters(stage.report.seed, size=len(losses) + 2)) as load:
        load.give(2_000)
        job = scene.start(JOB, "--live-from", "beginning")
        stage.report.tell(f"{JOB} runs in {scene.namespace}")
        _must_equal(stage, scene, "before anything breaks", load.settle(), PATIENCE_S)
        for loss in losses:
            load.flow()
            what = loss(stage)
            load.hold()
            _must_equal(stage, scene, what, load.settle())
        what = _flush(stage)
        _must_equal(stage, scene, f"{what}, and nothing happens any more", load.settle())
        late.check(job, stage.report)
        stage.report.check("the job never failed", not scene.failures(job), str(scene.failures(job)))
        _rebuild(stage, scene, load)


def _flush(stage: Stage) -> str:
    time.sleep(stage.dice.uniform(2, 6))
    with redis.Redis.from_url(stage.addresses.redis) as client:
        client.flushall()
    return "FLUSHALL"


def _stall(stage: Stage) -> str:
    running = processes.find(stage.addresses.home, "valkey")
    if running is None:
        raise DrillError("valkey does not run")
    os.kill(running.pid, signal.SIGSTOP)
    time.sleep(stalled := stage.dice.uniform(2, 5))
    os.kill(running.pid, signal.SIGCONT)
    return f"a stall of {stalled:.0f} s"


def _come_back_older(stage: Stage) -> str:
    """What a replica that was behind looks like when it is promoted."""
    folder, older = stage.addresses.home / "valkey", stage.addresses.home / "valkey-older"
    shutil.copytree(folder, older)
    time.sleep(behind := stage.dice.uniform(4, 8))
    harm.kill_part(stage.addresses.home, "valkey")
    _put_back(older, folder)
    harm.start_part(stage.addresses.home, "valkey")
    return f"kill -9, and back with the data of {behind:.0f} s before"


def _put_back(older: Path, folder: Path) -> None:
    shutil.rmtree(folder)
    older.rename(folder)


def _must_equal(stage: Stage, scene: Scene, what: str, decided: Millis, within_s: float = WITHIN_S) -> None:
    """Redis holds every person as the memory driver knows them, soon."""
    began = time.monotonic()
    with closing(Snapshots(scene)) as snapshots, watching(snapshots.look, EVERY_S):
        expected = oracle.profiles(oracle.read_log(scene), decided)
        while (equal_at := snapshots.first_equal(expected)) is None and time.monotonic() - began < within_s + GRACE_S:
            time.sleep(0.2)
    took = None if equal_at is None else equal_at - began
    found = snapshots.difference(expected) if took is None else f"after {took:.1f} s, {len(expected)} people"
    stage.report.check(f"{what}: Redis equals the state", took is not None and took <= within_s, found)
    if took is not None and within_s == WITHIN_S:
        stage.report.figures.setdefault("seconds until equal", []).append(round(took, 1))


def _rebuild(stage: Stage, scene: Scene, load: Load) -> None:
    """Readers go over to a new epoch when it has caught up with all that they have read."""
    scene.tidemark("stop", JOB, "--savepoint")
    with closing(Epochs(scene)) as epochs, watching(epochs.look, VERY_OFTEN_S):
        wait(lambda: bool(epochs.seen), PATIENCE_S, "an epoch")
        (before,) = epochs.seen
        load.flow()
        job = scene.start(JOB)
        wait(lambda: len(epochs.seen) > 1, PATIENCE_S, "readers of the new epoch")
        time.sleep(3)
    load.hold()
    stage.report.check("a rebuild shows no reader an older world", not epochs.older, "; ".join(epochs.older[:3]))
    _must_equal(stage, scene, f"epoch {before} to {epochs.seen[-1]}", load.settle(), PATIENCE_S)
    scene.tidemark("stop", JOB, "--savepoint")
    stage.report.check("the job never failed", not scene.failures(job), str(scene.failures(job)))
