"""Make the topics of connectors/topics.py on a broker that lacks them."""

from __future__ import annotations

import sys
from typing import cast, get_args

from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import TopicAlreadyExistsError

from connectors.settings import from_environment
from connectors.topics import TOPICS, Clock, full_name


def create(kafka: str, namespace: str = "", clock: Clock = "replay") -> list[str]:
    """Create what is missing and return its names; topics that exist are left as they are."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        there = set(admin.list_topics())
        absent = [topic for topic in TOPICS if full_name(topic.name, namespace) not in there]
        for topic in absent:
            name = full_name(topic.name, namespace)
            new = NewTopic(name, topic.partitions, 1, topic_configs=topic.configs(clock))
            try:
                admin.create_topics([new], timeout_ms=10_000)
            except TopicAlreadyExistsError:  # somebody else was quicker
                continue
        return [full_name(topic.name, namespace) for topic in absent]
    finally:
        admin.close()


def main(clock: str) -> None:
    """Make the topics of the broker that TIDEMARK_KAFKA names, with the guards of live or of replayed time."""
    if clock not in get_args(Clock):
        sys.exit(f"{clock!r}: say live or replay")
    settings = from_environment()
    print("\n".join(create(settings.kafka, settings.namespace, cast("Clock", clock))))


if __name__ == "__main__":
    main(sys.argv[1])
