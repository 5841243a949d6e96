"""Listens to the output topics while the jobs write them, and to the page that Flink pushes its counters to."""

from __future__ import annotations

import threading
import time
import urllib.request
from types import TracebackType
from typing import Self

from kafka.consumer.fetcher import ConsumerRecord

from connectors import broker
from connectors.topics import OUTPUTS
from connectors.wire import decode
from local_stack.shop.counts import Counts
from udfs.time import Millis

POLL: Millis = 200
COUNTER = "flink_taskmanager_job_task_operator_tidemark_"


class Tally:
    """Counts on a thread of its own; `first_mail` is by the monotonic clock, None before there is one."""

    def __init__(self, kafka: str, metrics: str, live_from: Millis) -> None:
        self.counts = Counts(live_from)
        self.first_mail: float | None = None
        self._metrics = metrics
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

    def counter(self, name: str) -> int:
        """A counter of the profiles job, as last pushed; 0 before the first push."""
        try:
            with urllib.request.urlopen(self._metrics, timeout=1) as page:
                return on_page(page.read().decode(), name)
        except OSError:
            return 0

    def _listen(self) -> None:
        while not self._over.is_set():
            for records in self._reader.poll(timeout_ms=POLL).values():
                for record in records:
                    self._count(record)

    def _count(self, record: ConsumerRecord) -> None:
        decoded = decode(record.value)
        if isinstance(decoded, tuple):
            self.counts.hear(record.topic, decoded[1])
        if self.first_mail is None and self.counts.mails:
            self.first_mail = time.monotonic()


def on_page(text: str, name: str) -> int:
    """A counter of the profiles job on a page in Prometheus' format, over all its labels."""
    lines = (line for line in text.splitlines() if line.startswith(f"{COUNTER}{name}{{") and "profiles" in line)
    return round(sum(float(line.rsplit(" ", 1)[1]) for line in lines))
