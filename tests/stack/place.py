"""A place of its own on the shared stack: a topic namespace with settings, driven by the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from connectors import broker
from connectors.flink_rest import Cluster
from connectors.topics import HEARTBEAT_KEY, INPUTS, Topic, full_name
from connectors.wire import decode, heartbeat
from local_stack import topic_set
from local_stack.addresses import ROOT, Addresses
from tests.baskets.diary import iso
from tests.baskets.expected import Expected, collect
from tests.disturb import Sent
from udfs.time import Millis

SETTINGS = {
    "TIDEMARK_TICK": "1min",
    "TIDEMARK_SHARDS": "4",
    "TIDEMARK_CHECKPOINT_INTERVAL": "5s",
}
PATIENCE_S = 300  # a machine that runs other things as well; on a quiet one these waits are a few seconds


class CommandError(AssertionError):
    """A command of ours ended with a code that is not 0; the message is what it said."""


@dataclass(frozen=True)
class Place:
    """Inputs and outputs under one namespace of the stack at `addresses`."""

    addresses: Addresses
    namespace: str
    settings: dict[str, str] = field(default_factory=lambda: dict(SETTINGS))

    @classmethod
    def on(cls, addresses: Addresses, name: str, **settings: str) -> Place:
        """A new place with its topics; `settings` are TIDEMARK_ variables without the prefix."""
        chosen = SETTINGS | {f"TIDEMARK_{key.upper()}": value for key, value in settings.items()}
        place = cls(addresses, f"{name}-{uuid4().hex[:6]}", chosen)
        topic_set.create(addresses.kafka, place.namespace, "replay")
        return place

    @cached_property
    def cluster(self) -> Cluster:
        return Cluster(self.addresses.flink_rest)

    def with_settings(self, **settings: str) -> Place:
        chosen = self.settings | {f"TIDEMARK_{key.upper()}": value for key, value in settings.items()}
        return replace(self, settings=chosen)

    def tidemark(self, *arguments: str) -> str:
        """What `tidemark ARGUMENTS` prints on stdout; CommandError if it fails."""
        command = [sys.executable, "-m", "cli", *arguments]
        ran = subprocess.run(
            command, env=self._environment(), cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
        )
        if ran.returncode:
            raise CommandError(f"{' '.join(arguments)} ended with {ran.returncode}: {ran.stderr[-3000:]}")
        return ran.stdout

    def _environment(self) -> dict[str, str]:
        return {**os.environ, **self.addresses.environment(), "TIDEMARK_NAMESPACE": self.namespace, **self.settings}

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

    def beat(self, at: Millis, topics: Iterable[Topic] = INPUTS) -> None:
        """A heartbeat in every partition of every input topic: all before `at` is there."""
        producer = broker.producer(self.addresses.kafka)
        for topic in topics:
            name = full_name(topic.name, self.namespace)
            for partition in sorted(producer.partitions_for(name)):
                producer.send(name, heartbeat(topic.subject), HEARTBEAT_KEY, partition=partition, timestamp_ms=at)
        producer.flush()
        producer.close()

    def run_to_end(self, job: str, live_from: Millis, run_on: str = "48h", config: Path = ROOT / "config") -> str:
        """Submit the job, wait until it has read everything; its id."""
        said = self.tidemark(
            *("submit", job, "--until-end", "--run-on", run_on, "--live-from", iso(live_from), "--json"),
            *("--config", str(config)),
        )
        told: dict[str, Any] = json.loads(said)
        assert told["state"] == "FINISHED", told
        return str(told["id"])

    def submit(self, job: str, live_from: Millis) -> str:
        """Submit the job to run until it is stopped; its id."""
        told: dict[str, Any] = json.loads(self.tidemark("submit", job, "--live-from", iso(live_from), "--json"))
        return str(told["id"])

    def wait_for_decisions(self, count: int, seconds: float = PATIENCE_S) -> None:
        """Wait until at least so many are committed."""
        _wait(lambda: self.committed("decisions") >= count, seconds, f"{count} decisions in {self.namespace}")

    def wait_for_checkpoints(self, job: str, count: int, seconds: float = PATIENCE_S) -> None:
        """Wait until so many checkpoints of the job have completed."""
        _wait(lambda: self.cluster.checkpoints(job) >= count, seconds, f"{count} checkpoints of {job}")

    def committed(self, topic: str) -> int:
        """How many records of a topic a reader of committed ones sees."""
        return sum(1 for _ in broker.read_to_end(self.addresses.kafka, [full_name(topic, self.namespace)]))

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

    def failures(self, job: str) -> list[str]:
        """Why the job failed, each time that it did."""
        return self.cluster.failures(job)

    def outcome_by_command_line(self) -> Expected:
        """The same as `tidemark read` prints it."""
        decisions, triggers = (
            [json.loads(line)["value"] for line in self.tidemark("read", topic, "--json").splitlines()]
            for topic in ("decisions", "triggers")
        )
        return collect(decisions, triggers)

    def uncommitted(self, topic: str) -> int:
        """How many records a reader that does not care for transactions sees beyond the committed ones."""
        name = full_name(topic, self.namespace)
        reader = broker.consumer(self.addresses.kafka, isolation_level="read_uncommitted")
        begins = reader.beginning_offsets(broker.partitions_of(reader, [name]))
        seen = sum(1 for _ in broker.read_between(reader, begins, reader.end_offsets(list(begins))))
        reader.close()
        return seen - self.committed(topic)

    def wait_for_uncommitted(self, topic: str, more_than: int) -> None:
        """Wait until there is work in hand that no checkpoint has committed."""
        _wait(lambda: self.uncommitted(topic) > more_than, PATIENCE_S, f"uncommitted {topic} in {self.namespace}")

    def counted(self, job: str, counter: str) -> int:
        """One of the counters of docs/metrics.md, as Flink has pushed it; 0 if nothing was counted yet."""
        with urllib.request.urlopen(self.addresses.metrics, timeout=10) as page:
            lines = page.read().decode().splitlines()
        mine = [line for line in lines if f'job_id="{job}"' in line and f"_tidemark_{counter}{{" in line]
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in mine)

    def wait_for_count(self, job: str, counter: str, at_least: int) -> None:
        """Wait until the counter has been pushed with such a value."""
        _wait(lambda: self.counted(job, counter) >= at_least, PATIENCE_S, f"{at_least} {counter} of {job}")

    def restored(self, job: str) -> int:
        """How often the job went on from a checkpoint."""
        with urllib.request.urlopen(f"{self.addresses.flink_rest}/jobs/{job}/checkpoints", timeout=10) as answer:
            return int(json.load(answer)["counts"]["restored"])


def _wait(reached: Callable[[], bool], seconds: float, what: str) -> None:
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until, f"{what}: not within {seconds:.0f} s"
        time.sleep(0.3)
