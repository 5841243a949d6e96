"""read: the records of a topic, decoded, committed ones only."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from cli import exits
from connectors.rejected import Rejected
from connectors.topics import BY_NAME, HEARTBEAT_KEY, full_name
from connectors.wire import decode

if TYPE_CHECKING:
    from kafka.consumer.fetcher import ConsumerRecord


def register(app: typer.Typer) -> None:
    app.command()(read)


def read(
    topic: str = typer.Argument(help="A topic, e.g. triggers."),
    as_json: bool = typer.Option(False, "--json", help="Print a line of JSON for each record."),
    follow: bool = typer.Option(False, "--follow", help="Go on with new records until Ctrl-C."),
    from_beginning: bool = typer.Option(True, "--from-beginning/--from-now", help="Where to start."),
    limit: int | None = typer.Option(None, "--limit", min=1, help="Stop after so many records."),
    heartbeats: bool = typer.Option(False, "--heartbeats", help="Show heartbeats too."),
) -> None:
    """Print the records of a topic, decoded; transactions that are open or were given up are not seen."""
    from cli.servers import settings

    if topic not in BY_NAME:
        exits.fail(f"There is no topic {topic!r}. There are: {', '.join(BY_NAME)}.", exits.NOT_FOUND)
    where = settings()
    shown = 0
    for record in _records(where.kafka, full_name(topic, where.namespace), follow, from_beginning):
        if record.key == HEARTBEAT_KEY and not heartbeats:
            continue
        told = _told(topic, record)
        typer.echo(json.dumps(told, ensure_ascii=False) if as_json else _sentence(told))
        shown += 1
        if limit is not None and shown >= limit:
            return


def _records(kafka: str, name: str, follow: bool, from_beginning: bool) -> Iterator[ConsumerRecord]:
    from kafka.errors import KafkaError

    from connectors import broker

    try:
        if follow:
            yield from broker.follow(kafka, [name], from_beginning)
        elif from_beginning:
            yield from broker.read_to_end(kafka, [name])
    except KeyError:
        exits.fail(f"The broker at {kafka} has no topic {name}: make the topics with `./tidemark up`.", exits.NOT_FOUND)
    except KafkaError as error:
        exits.fail(f"The broker at {kafka} does not answer ({error}): see `./tidemark status`.", exits.UNREACHABLE)


def _told(topic: str, record: ConsumerRecord) -> dict[str, Any]:
    told: dict[str, Any] = {
        "topic": topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "key": _readable(record.key),
    }
    if record.key == HEARTBEAT_KEY or record.value is None:
        return told | {"value": None}
    decoded = decode(record.value, BY_NAME[topic].subject)
    if isinstance(decoded, Rejected):
        return told | {"rejected": decoded.reason.value, "detail": decoded.detail, "bytes": _readable(record.value)}
    return told | {"value": {name: _readable(value) for name, value in decoded[1].items()}}


def _readable(value: object) -> object:
    """Bytes as text where they are text, else as base64 with its name before it."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "base64:" + base64.b64encode(value).decode()


def _sentence(told: dict[str, Any]) -> str:
    moment = datetime.fromtimestamp(told["timestamp"] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    where = f"{moment}  {told['partition']}:{told['offset']}  {told['key']}"
    if "rejected" in told:
        return f"{where}  cannot be read: {told['rejected']}: {told['detail']}"
    if told["value"] is None:
        return f"{where}  (no value)"
    fields = {name: value for name, value in told["value"].items() if value is not None}
    return f"{where}  {json.dumps(fields, ensure_ascii=False)}"
