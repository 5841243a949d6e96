"""The record that tells of a refusal: where the refused thing lies, why, and its bytes."""

from __future__ import annotations

from connectors.rejected import Rejected
from connectors.wire import Record, schema_id
from udfs.time import Millis

MAX_KEPT_BYTES = 256 * 1024  # a letter must itself fit into a Kafka message; the coordinates lead to the rest


def of_record(
    job: str, topic: str, partition: int, offset: int, key: bytes | None, value: bytes | None, at: Millis, why: Rejected
) -> Record:
    """A dead letter for a record of a topic (name without namespace); `at` is the time it counts at."""
    return _letter(job, at, why, value) | {
        "topic": topic,
        "partition": partition,
        "offset": offset,
        "schema_id": schema_id(value),
        "key": key if key is None else key[:MAX_KEPT_BYTES],
    }


def of_line(file: str, line: int, text: bytes, at: Millis, why: Rejected) -> Record:
    """A dead letter for a line that `ingest` refused; `at` is the clock at ingest."""
    return _letter("ingest", at, why, text) | {"file": file, "line": line}


def _letter(job: str, at: Millis, why: Rejected, value: bytes | None) -> Record:
    detail, kept = why.detail, value
    if value is not None and len(value) > MAX_KEPT_BYTES:
        detail, kept = f"{detail} (the first {MAX_KEPT_BYTES} of {len(value)} bytes kept)", value[:MAX_KEPT_BYTES]
    return {"job": job, "reason": why.reason.value, "detail": detail, "value": kept, "at": at}
