"""Put the shared input on Kafka, in topics of a namespace of its own: `python -m benchmarks.shared.load --lines FILE`.

What is there already in the right number is left alone, so a benchmark may ask for it before every run.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.shared.records import TOPICS, record
from connectors import broker
from connectors.settings import from_environment
from connectors.topics import full_name
from local_stack import topic_set


def namespace(events: int) -> str:
    """Where so many events lie."""
    return f"shared{events}"


def load(kafka: str, rows: Iterable[Mapping[str, Any]], events: int) -> None:
    """Write the first `events` rows, each to its topic and under its person's key."""
    where = namespace(events)
    topic_set.create(kafka, where)
    if _there(kafka, where) == events:
        return
    producer = broker.producer(kafka)
    for row in islice(rows, events):
        topic, key, value, at = record(row)
        producer.send(full_name(topic, where), key=key, value=value, timestamp_ms=at)
    producer.flush()
    producer.close()
    if (found := _there(kafka, where)) != events:
        raise SystemExit(f"{where} holds {found} records instead of {events}: delete its topics and load again")


def lines(path: Path) -> Iterable[Mapping[str, Any]]:
    """The rows of a file of JSON lines."""
    with path.open("rb") as file:
        yield from map(msgspec.json.decode, file)


def _there(kafka: str, where: str) -> int:
    topics = [full_name(topic, where) for topic in TOPICS.values()]
    return sum(broker.end_offsets(kafka, topics).values())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shared.load", description=__doc__)
    parser.add_argument("--lines", type=Path, required=True, help="JSON lines, one event each")
    parser.add_argument("--events", type=int, required=True, help="how many of them")
    said = parser.parse_args()
    load(from_environment().kafka, lines(said.lines), said.events)


if __name__ == "__main__":
    main()
