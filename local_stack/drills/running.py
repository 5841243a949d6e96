"""The campaigns job of a drill: progress, work in flight at the moment of the harm, and the comparison in the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from connectors.config_files import CONFIG, read_config
from local_stack.drills import oracle
from local_stack.drills.in_flight import InFlight
from local_stack.drills.late import Late
from local_stack.drills.report import Stage, wait
from local_stack.drills.scene import PATIENCE_S, Scene
from local_stack.drills.witness import Witness
from udfs.time import Millis

JOB = "campaigns"
OUTPUTS = ("decisions", "triggers")


@dataclass
class RunningJob:
    """A job under its scene, watched by a second reader; `live_from` 0 lets it really decide all of history."""

    stage: Stage
    scene: Scene
    witness: Witness
    id: str
    late: Late
    in_flight: InFlight
    config: Path = CONFIG
    _seen: int = 0

    @classmethod
    def begin(cls, stage: Stage, scene: Scene, witness: Witness, *options: str, config: Path = CONFIG) -> Self:
        started = scene.start(JOB, "--live-from", "beginning", "--config", str(config), *options)
        stage.report.tell(f"{JOB} runs in {scene.namespace}")
        return cls(stage, scene, witness, started, Late(scene.cluster), InFlight(scene, *OUTPUTS), config)

    def submit_again(self, restore: str = "latest") -> None:
        """Go on from the newest checkpoint, or from the savepoint that the job was stopped at."""
        time.sleep(1)  # what the last checkpoint has committed is no progress of the job that comes now
        self._seen = self.witness.count()
        self.id = self.scene.start(JOB, "--from", restore, "--config", str(self.config))
        self.stage.report.tell(f"submitted again --from {restore}")

    def wait_for_progress(self) -> None:
        """Wait until more is committed than at the last call: whatever broke, the job has gone on since."""
        wait(lambda: self.witness.count() > self._seen, PATIENCE_S, f"new committed rows in {self.scene.namespace}")
        self._seen = self.witness.count()

    def strike(self, what: str, harm: Callable[[], None], pause_s: float, broker_lives: bool = True) -> bool:
        """Wait for uncommitted outputs, then so long, and when there are some again do the harm at once.

        Whether there still were some: a checkpoint may be quicker than a kill, and such a kill does not count.
        """
        wait(lambda: self.in_flight.offsets() > 0, PATIENCE_S, "uncommitted work", every=0.1)
        time.sleep(pause_s)
        self.late.note(self.id)
        wait(lambda: self.in_flight.offsets() > 0, PATIENCE_S, "uncommitted work", every=0.02)
        found = self.in_flight.offsets()
        harm()
        if broker_lives:  # what a killed job leaves uncommitted nobody commits before it is back
            found = self.in_flight.offsets()
        self._seen = max(self._seen, self.witness.count())
        self.stage.report.tell(f"{what}, {self._seen:,} rows committed")
        if found:
            self.stage.report.check(f"{what}: work was in flight", True, f"{found} uncommitted offsets")
        return found > 0

    def finish(self, stop_at: Millis) -> None:
        """Wait until the log is decided up to `stop_at`, stop, and compare."""
        log = oracle.read_log(self.scene)
        expected = oracle.rows(oracle.campaigns(log, 0, stop_at, read_config(self.config)).emitted)
        self.stop_when_there(log, expected)
        oracle.compare_campaigns(self.stage.report, self.scene, log, expected, self.witness)

    def stop_when_there(self, log: oracle.Log, expected: oracle.Rows) -> None:
        """Wait until as many rows are committed, and for a checkpoint in which more might come; then stop."""
        count = expected.total() + log.refused
        self.stage.report.tell(f"the log has {len(log.events):,} events; waiting for {count:,} committed rows")
        wait(lambda: self.witness.count() >= count, PATIENCE_S, f"{count} committed rows")
        self.scene.wait_for_checkpoints(self.id, self.scene.cluster.checkpoints(self.id) + 1)
        self.late.check(self.id, self.stage.report)
        self.scene.tidemark("stop", JOB, "--savepoint")
