"""What comes too late for an operator, which must be nothing: a late event takes effect late, in a tick still open."""

from __future__ import annotations

from dataclasses import dataclass, field

from connectors.flink_rest import Cluster, FlinkError
from local_stack.drills.report import Report, wait

METRICS_S = 40  # the JobManager asks its workers when it is asked, every two seconds at most


@dataclass
class Late:
    """The highest counts that Flink has shown of any operator; they begin again at 0 when a job recovers."""

    cluster: Cluster
    counts: dict[str, int] = field(default_factory=dict)

    def note(self, job: str) -> bool:
        """Read the counters of this moment; whether there are any."""
        try:
            found = self.cluster.late(job)
        except FlinkError:
            return False
        self.counts |= {name: max(count, self.counts.get(name, 0)) for name, count in found.items()}
        return bool(found)

    def check(self, job: str, report: Report) -> None:
        """Read them once more from the running job; without any to be read the check fails."""
        wait(lambda: self.note(job), METRICS_S, "counters of what is late", every=1)
        lost = {name: count for name, count in self.counts.items() if count}
        found = str(lost) if lost else f"of {', '.join(sorted(self.counts))}"
        report.check("numLateChunks and numLateRecordsDropped of every operator are 0", not lost, found)
