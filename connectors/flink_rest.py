"""A Flink cluster as its REST interface shows it: jobs, their state and failures, savepoints."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

TERMINAL = ("FINISHED", "FAILED", "CANCELED")
STOPPED_WITHIN_S = 120
LATE = ("numLateChunks", "numLateRecordsDropped")  # CompleteTicks.java counts the one, windows of SQL the other


class FlinkError(RuntimeError):
    """The cluster does not answer, or refuses what was asked."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the dashboard lists it."""

    id: str
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """The REST interface at `address`, as in http://127.0.0.1:8081."""

    address: str

    def jobs(self) -> list[Job]:
        return [Job(job["jid"], job["name"], job["state"]) for job in self._call("GET", "/jobs/overview")["jobs"]]

    def state(self, job: str) -> str:
        return str(self._call("GET", f"/jobs/{job}")["state"])

    def records_read(self, job: str) -> int:
        """Records that the job's operators have taken in, all together: a figure that grows while it works."""
        return sum(vertex["metrics"]["read-records"] for vertex in self._call("GET", f"/jobs/{job}")["vertices"])

    def failures(self, job: str) -> list[str]:
        """The root causes of the job's failures, newest first, a line each."""
        history = self._call("GET", f"/jobs/{job}/exceptions")["exceptionHistory"]["entries"]
        return [_root_cause(entry["stacktrace"]) for entry in history]

    def checkpoints(self, job: str) -> int:
        """How many checkpoints have completed."""
        return int(self._call("GET", f"/jobs/{job}/checkpoints")["counts"]["completed"])

    def late(self, job: str) -> dict[str, int]:
        """What came too late for an operator, of each that counts it, as the cluster was last told; else nothing."""
        found: dict[str, int] = {}
        for vertex in self._call("GET", f"/jobs/{job}")["vertices"]:
            path = f"/jobs/{job}/vertices/{vertex['id']}/subtasks/metrics"
            names = [metric["id"] for metric in self._call("GET", path)]
            counters = ",".join(name for name in names if name.endswith(LATE))
            if counters:
                told = self._call("GET", f"{path}?get={quote(counters)}&agg=sum")
                found |= {metric["id"]: int(metric["sum"]) for metric in told}
        return found

    def parallelism(self, job: str) -> int:
        """The highest of the job's operators."""
        return max(int(vertex["parallelism"]) for vertex in self._call("GET", f"/jobs/{job}")["vertices"])

    def cancel(self, job: str) -> None:
        """End the job; its newest checkpoint is retained."""
        self._call("PATCH", f"/jobs/{job}?mode=cancel")
        self.wait_ended(job, STOPPED_WITHIN_S)

    def cancel_all(self, named: str = "") -> None:
        """End every job that has not ended and whose name begins so."""
        for job in self.jobs():
            if job.state not in TERMINAL and job.name.startswith(named):
                self.cancel(job.id)

    def stop_with_savepoint(self, job: str) -> str:
        """End the job at a savepoint, whose path is returned."""
        request = self._call("POST", f"/jobs/{job}/stop", {"drain": False})["request-id"]
        until = time.monotonic() + STOPPED_WITHIN_S
        while time.monotonic() < until:
            told = self._call("GET", f"/jobs/{job}/savepoints/{request}")
            if told["status"]["id"] == "COMPLETED":
                if "location" in told["operation"]:
                    self.wait_ended(job, STOPPED_WITHIN_S)
                    return str(told["operation"]["location"])
                raise FlinkError(f"no savepoint: {_root_cause(told['operation']['failure-cause']['stack-trace'])}")
            time.sleep(0.2)
        raise FlinkError(f"job {job} wrote no savepoint within {STOPPED_WITHIN_S} s")

    def wait_ended(self, job: str, seconds: float) -> str:
        until = time.monotonic() + seconds
        while (state := self.state(job)) not in TERMINAL:
            if time.monotonic() > until:
                raise FlinkError(f"job {job} is still {state} after {seconds:.0f} s")
            time.sleep(0.2)
        return state

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        request = urllib.request.Request(self.address + path, method=method)
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refusal:
            raise FlinkError(f"{self.address}{path}: {refusal.read().decode()[:500]}") from refusal
        except OSError as error:
            raise FlinkError(f"no Flink cluster answers at {self.address} ({error})") from error


def _root_cause(trace: str) -> str:
    """The innermost cause; of a Python traceback its last line, which is the one that says what happened."""
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    causes = [number for number, line in enumerate(lines) if line.startswith("Caused by:")]
    innermost = lines[causes[-1] if causes else 0 :]
    python = [number for number, line in enumerate(innermost) if line.startswith("Traceback")]
    if python:
        told = [line for line in innermost[python[-1] :] if not line.startswith(("at ", "...", "File "))]
        errors = [line for line in told if ": " in line and not line.startswith("Traceback")]
        return (errors or innermost)[-1]
    return innermost[0].removeprefix("Caused by: ")
