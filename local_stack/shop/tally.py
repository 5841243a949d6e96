"""What the jobs and the render service have said so far, counted from their topics while they say it."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections import Counter
from types import TracebackType
from typing import Self

from kafka.consumer.fetcher import ConsumerRecord

from connectors import broker
from connectors.topics import OUTPUTS
from connectors.wire import decode
from udfs.time import Millis

POLL: Millis = 200
COUNTER = "flink_taskmanager_job_task_operator_tidemark_"


class Tally:
    """Counts on a thread of its own; decisions before `live_from` are counted as rehearsed."""

    def __init__(self, kafka: str, metrics: str, live_from: Millis) -> None:
        self.segment_changes = 0
        self.rehearsed = 0
        self.decided: Counter[tuple[str, str]] = Counter()
        self.became: dict[str, tuple[str, str]] = {}
        self.triggers = 0
        self.rejected: Counter[str] = Counter()
        self.first_mail: float | None = None
        self._metrics = metrics  # the page that Flink pushes to
        self._live_from = live_from
        self._reader = broker.consumer(kafka)
        self._reader.assign(broker.partitions_of(self._reader, [topic.name for topic in OUTPUTS]))
        self._reader.seek_to_beginning()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="tally", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=5)
        self._reader.close()

    @property
    def mails(self) -> int:
        return sum(outcome == "sent" for outcome, _ in list(self.became.values()))

    @property
    def held_back(self) -> Counter[str]:
        """By reason: dropped by the campaigns, or not sent at the last look."""
        dropped = Counter(
            {reason: count for (outcome, reason), count in list(self.decided.items()) if outcome == "drop"}
        )
        kept = Counter(reason for outcome, reason in list(self.became.values()) if outcome in ("not_sent", "bounced"))
        return dropped + kept

    @property
    def unanswered(self) -> int:
        """Triggers of which nobody knows yet what became."""
        return self.triggers - sum(outcome != "unknown" for outcome, _ in list(self.became.values()))

    def counter(self, name: str) -> int:
        """A counter of the profiles job, as last pushed to the metrics page; 0 before the first push."""
        try:
            with urllib.request.urlopen(self._metrics, timeout=1) as page:
                text: str = page.read().decode()
        except OSError:
            return 0
        lines = (line for line in text.splitlines() if line.startswith(f"{COUNTER}{name}{{") and "profiles" in line)
        return round(sum(float(line.rsplit(" ", 1)[1]) for line in lines))

    def _listen(self) -> None:
        while not self._over.is_set():
            for records in self._reader.poll(timeout_ms=POLL).values():
                for record in records:
                    self._count(record)

    def _count(self, record: ConsumerRecord) -> None:
        if record.topic == "segment-changes":
            self.segment_changes += 1
            return
        decoded = decode(record.value)
        if not isinstance(decoded, tuple):
            return
        told = decoded[1]
        if record.topic == "decisions":
            if told["at"] < self._live_from:
                self.rehearsed += 1
            else:
                self.decided[told["outcome"], told["reason"]] += 1
        elif record.topic == "triggers":
            self.triggers += 1
        elif record.topic == "sends":
            self.became[told["trigger_id"]] = told["outcome"], told["reason"]
            self._note_mail(told["outcome"])
        elif record.topic == "dead-letters":
            self.rejected[told["job"]] += 1

    def _note_mail(self, outcome: str) -> None:
        if outcome == "sent" and self.first_mail is None:
            self.first_mail = time.monotonic()
