"""A place of its own on the shared stack: a topic namespace with settings, driven by the command line."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors import broker
from connectors.topics import full_name
from connectors.wire import decode
from local_stack.addresses import ROOT
from local_stack.drills.report import wait
from local_stack.drills.scene import PATIENCE_S, Scene
from tests.baskets.diary import iso
from tests.baskets.expected import Expected, collect
from tests.disturb import Sent
from udfs.time import Millis


@dataclass(frozen=True)
class Place(Scene):
    """The scene of a drill, with what tests ask of it beyond that."""

    def ingest(self, path: Path) -> dict[str, Any]:
        """The counts that `ingest --history` ends with."""
        counts: dict[str, Any] = json.loads(self.tidemark("ingest", str(path), "--history", "--json"))
        return counts

    def send(self, records: Iterable[Sent]) -> list[tuple[int, int]]:
        """Send records in their order of arrival, as they are; partition and offset of each."""
        producer = broker.producer(self.addresses.kafka)
        futures = [
            producer.send(full_name(sent.topic, self.namespace), sent.value, sent.key, timestamp_ms=sent.at)
            for sent in records
        ]
        producer.flush()
        told = [future.get(timeout=10) for future in futures]
        producer.close()
        return [(metadata.partition, metadata.offset) for metadata in told]

    def run_to_end(self, job: str, live_from: Millis, run_on: str = "48h", config: Path = ROOT / "config") -> str:
        """Submit the job, wait until it has read everything; its id."""
        said = self.tidemark(
            *("submit", job, "--until-end", "--run-on", run_on, "--live-from", iso(live_from), "--json"),
            *("--config", str(config)),
        )
        told: dict[str, Any] = json.loads(said)
        assert told["state"] == "FINISHED", told
        return str(told["id"])

    def submit(self, job: str, live_from: Millis, config: Path = ROOT / "config") -> str:
        """Submit the job to run until it is stopped; its id."""
        return self.start(job, "--live-from", iso(live_from), "--config", str(config))

    def wait_for_decisions(self, count: int, seconds: float = PATIENCE_S) -> None:
        """Wait until at least so many are committed."""
        self.wait_for_committed("decisions", count, seconds)

    def wait_for_committed(self, topic: str, count: int, seconds: float = PATIENCE_S) -> None:
        """Wait until a reader of committed records sees at least so many."""
        wait(lambda: self.committed(topic) >= count, seconds, f"{count} {topic} in {self.namespace}")

    def records(self, topic: str) -> list[dict[str, Any]]:
        """Every committed record of a topic, decoded; AssertionError if one of them cannot be."""
        found = []
        for record in broker.read_to_end(self.addresses.kafka, [full_name(topic, self.namespace)]):
            decoded = decode(record.value, topic)
            assert isinstance(decoded, tuple), decoded
            found.append(decoded[1])
        return found

    def outcome(self) -> Expected:
        """The committed decisions and triggers; AssertionError if one of them, or its id, is there twice."""
        decisions, triggers = self.records("decisions"), self.records("triggers")
        ids = [record["decision_id"] for record in decisions] + [record["trigger_id"] for record in triggers]
        assert len(ids) == len(set(ids)), f"{len(ids) - len(set(ids))} ids are there twice"
        return collect(decisions, triggers)

    def outcome_by_command_line(self) -> Expected:
        """The same as `tidemark read` prints it."""
        decisions, triggers = (
            [json.loads(line)["value"] for line in self.tidemark("read", topic, "--json").splitlines()]
            for topic in ("decisions", "triggers")
        )
        return collect(decisions, triggers)

    def counted(self, job: str, counter: str) -> int:
        """One of the counters of docs/metrics.md, as Flink has pushed it; 0 if nothing was counted yet."""
        with urllib.request.urlopen(self.addresses.metrics, timeout=10) as page:
            lines = page.read().decode().splitlines()
        mine = [line for line in lines if f'job_id="{job}"' in line and f"_tidemark_{counter}{{" in line]
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in mine)

    def wait_for_count(self, job: str, counter: str, at_least: int) -> None:
        """Wait until the counter has been pushed with such a value."""
        wait(lambda: self.counted(job, counter) >= at_least, PATIENCE_S, f"{at_least} {counter} of {job}")
