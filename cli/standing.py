"""What `status` says beyond the servers: the jobs, and how far the tide has come."""

from __future__ import annotations

from kafka.errors import KafkaError

from cli.deployment import here
from cli.wording import instant
from connectors.flink_rest import Cluster, FlinkError, Job
from connectors.settings import Settings
from connectors.tide import Mark, holding, marks, stands_at
from connectors.topics import full_name, read_by
from local_stack.health import Health
from udfs.time import SECOND, Millis

TROUBLED = ("restarting", "failing", "failed")
# A heartbeat comes every second; a topic that is this much behind the others has lost its own.
PATIENCE: Millis = 30 * SECOND


def of_jobs() -> list[Health]:
    """The last submitted run of each job; nothing if the cluster does not answer."""
    addresses, _, deployment = here()
    cluster = Cluster(addresses.flink_rest)
    try:
        states = {job.id: _state(cluster, job) for job in cluster.jobs()}
    except FlinkError:
        return []
    return [
        Health(f"job {name}", states.get(job.id, "gone"), f"{addresses.flink_rest}/#/job/{job.id}", None, None)
        for name, job in sorted(deployment.jobs.items())
    ]


def _state(cluster: Cluster, job: Job) -> str:
    """Running, or what keeps it from running."""
    state = job.state.lower()
    failures = cluster.failures(job.id) if state in TROUBLED else []
    return f"{state}: {failures[0]}" if failures else state


def of_tide() -> list[Health]:
    """One line for the tide and one for each topic that holds it; nothing if Kafka does not answer."""
    _, settings, _ = here()
    waited_for = read_by("campaigns", settings.read_back)
    try:
        known = marks(settings.kafka, [full_name(topic.name, settings.namespace) for topic in waited_for])
    except (KafkaError, KeyError):
        return []
    return [_tide(known, settings), *(_holder(mark, settings) for mark in holding(known, PATIENCE + settings.bound))]


def _tide(known: list[Mark], settings: Settings) -> Health:
    at = stands_at(known, settings.bound)
    return Health("tide", "waiting" if at is None else f"at {instant(at)}", settings.kafka, None, None)


def _holder(mark: Mark, settings: Settings) -> Health:
    heard = "it has told nothing yet" if mark.newest is None else f"its last word is of {instant(mark.newest)}"
    return Health(f"{mark.topic}/{mark.partition}", f"holds the tide: {heard}", settings.kafka, None, None)
