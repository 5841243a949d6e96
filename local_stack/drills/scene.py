"""A job on topics of its own, driven by the command line as a person drives it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from connectors import broker
from connectors.flink_rest import Cluster
from connectors.settings import Settings, from_environment
from connectors.topics import HEARTBEAT_KEY, KEPT, Clock, Topic, full_name
from connectors.wire import heartbeat
from local_stack import topic_set
from local_stack.addresses import ROOT, Addresses
from local_stack.drills.report import DrillError, wait
from udfs.time import Millis

PATIENCE_S = 300  # a machine that runs other things as well; on a quiet one these waits are a few seconds
SETTINGS = {"TIDEMARK_TICK": "1min", "TIDEMARK_SHARDS": "4", "TIDEMARK_CHECKPOINT_INTERVAL": "5s"}


class CommandError(DrillError):
    """A command of ours ended with a code that is not 0; the message is what it said."""


@dataclass(frozen=True)
class Scene:
    """Inputs and outputs under one namespace of the stack at `addresses`; `settings` are TIDEMARK_ variables."""

    addresses: Addresses
    namespace: str
    settings: dict[str, str] = field(default_factory=lambda: dict(SETTINGS))

    @classmethod
    def on(cls, addresses: Addresses, name: str, clock: Clock = "replay", **settings: str) -> Self:
        """A new scene with its topics; `settings` are TIDEMARK_ variables without the prefix."""
        return cls(addresses, f"{name}-{uuid4().hex[:6]}").with_settings(**settings).with_topics(clock)

    def with_settings(self, **settings: str) -> Self:
        chosen = self.settings | {f"TIDEMARK_{key.upper()}": value for key, value in settings.items()}
        return replace(self, settings=chosen)

    def with_topics(self, clock: Clock = "replay") -> Self:
        topic_set.create(self.addresses.kafka, self.namespace, clock)
        return self

    @cached_property
    def cluster(self) -> Cluster:
        return Cluster(self.addresses.flink_rest)

    @property
    def jobs_settings(self) -> Settings:
        """What a job that is submitted here runs with."""
        return from_environment(self.environment())

    def tidemark(self, *arguments: str, root: Path = ROOT) -> str:
        """What `tidemark ARGUMENTS` of the code at `root` prints on stdout; CommandError if it fails."""
        command = [sys.executable, "-m", "cli", *arguments]
        ran = subprocess.run(
            command, env=self.environment(), cwd=root, capture_output=True, text=True, timeout=600, check=False
        )
        if ran.returncode:
            raise CommandError(f"{' '.join(arguments)} ended with {ran.returncode}: {ran.stderr[-3000:]}")
        return ran.stdout

    def environment(self) -> dict[str, str]:
        """The variables of a command that is to talk to this scene."""
        return {**os.environ, **self.addresses.environment(), "TIDEMARK_NAMESPACE": self.namespace, **self.settings}

    def start(self, job: str, *options: str) -> str:
        """Submit the job to run until it is stopped; its id."""
        told: dict[str, Any] = json.loads(self.tidemark("submit", job, *options, "--json"))
        return str(told["id"])

    def names(self, *topics: str) -> list[str]:
        """What topics are called on the broker."""
        return [full_name(topic, self.namespace) for topic in topics]

    def beat(self, at: Millis, topics: Iterable[Topic] = KEPT) -> None:
        """A heartbeat in every partition of every input topic, and of the news: all before `at` is there."""
        producer = broker.producer(self.addresses.kafka)
        for topic in topics:
            name = full_name(topic.name, self.namespace)
            for partition in sorted(producer.partitions_for(name)):
                producer.send(name, heartbeat(topic.subject), HEARTBEAT_KEY, partition=partition, timestamp_ms=at)
        producer.flush()
        producer.close()

    def committed(self, topic: str) -> int:
        """How many records of a topic a reader of committed ones sees."""
        return sum(1 for _ in broker.read_to_end(self.addresses.kafka, self.names(topic)))

    def wait_for_checkpoints(self, job: str, count: int, seconds: float = PATIENCE_S) -> None:
        """Wait until so many checkpoints of the job have completed."""
        wait(lambda: self.cluster.checkpoints(job) >= count, seconds, f"{count} checkpoints of {job}")

    def history_from(self) -> Millis:
        """When the past begins, as the first submission has written it down."""
        written = json.loads((self.addresses.home / "deployment.json").read_text("utf-8"))
        return int(written[self.namespace]["history_from"])

    def failures(self, job: str) -> list[str]:
        """Why the job failed, each time that it did."""
        return self.cluster.failures(job)
