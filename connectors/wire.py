"""Frame and unframe records: a zero byte, four bytes of schema id, then Avro, and nothing after it."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import fastavro
import msgspec
from fastavro.schema import to_parsing_canonical_form
from fastavro.types import Schema

from connectors.avro_reader import Read, reader
from connectors.avro_writer import Write, writer
from connectors.rejected import Reason, Rejected

HEADER_BYTES = 5
Record = dict[str, Any]


class Version(NamedTuple):
    """One stored version of a subject's schema; `number` counts from 1 and `fingerprint` is of the canonical form."""

    subject: str
    number: int
    id: int
    file: str
    fingerprint: str
    schema: Schema

    @property
    def header(self) -> bytes:
        """The five bytes that a record of this version starts with."""
        return b"\x00" + self.id.to_bytes(4, "big")


@cache
def versions() -> dict[int, Version]:
    """Every version in `avro_schemas/ids.lock` by schema id, oldest first within a subject."""
    home = files("avro_schemas")
    lock = json.loads((home / "ids.lock").read_text("utf-8"))
    return {
        entry["id"]: _version(subject, entry, (home / entry["file"]).read_text("utf-8"))
        for subject, entries in lock.items()
        for entry in sorted(entries, key=lambda entry: int(entry["version"]))
    }


@cache
def newest() -> dict[str, Version]:
    """The version that each subject is written with."""
    return {version.subject: version for version in versions().values()}


def fingerprint(schema_text: str) -> str:
    """Sha256 of a schema's canonical form, in hex: what a lock entry must equal."""
    return hashlib.sha256(to_parsing_canonical_form(json.loads(schema_text)).encode()).hexdigest()


def heartbeat(subject: str) -> bytes:
    """The value of a heartbeat on the subject's topic: framed, and empty."""
    return newest()[subject].header


def schema_id(value: bytes | None) -> int | None:
    """The schema id in a value's framing, known or not; None if it is not framed."""
    if value is None or len(value) < HEADER_BYTES or value[0]:
        return None
    return int.from_bytes(value[1:HEADER_BYTES], "big")


@cache
def _pen(subject: str) -> tuple[bytes, Write]:
    version = newest()[subject]
    return version.header, writer(version.schema)


def encode(subject: str, record: Mapping[str, Any] | msgspec.Struct) -> bytes:
    """Bytes for Kafka; raises (KeyError, TypeError and their like) if the record does not fit its schema."""
    if isinstance(record, msgspec.Struct):
        record = msgspec.to_builtins(record)
    header, write = _pen(subject)
    out = bytearray(header)
    write(out, record)
    return bytes(out)


def decode(value: bytes | None, subject: str | None = None) -> tuple[str, Record] | Rejected:
    """The subject and record of a value, read as the subject's newest version; `subject` is the one that must be."""
    if value is None:
        return Rejected(Reason.NOT_FRAMED, "no value")
    number = schema_id(value)
    if number is None:
        return Rejected(Reason.NOT_FRAMED, f"{len(value)} bytes starting with {value[:HEADER_BYTES].hex()!r}")
    version = versions().get(number)
    if version is None:
        return Rejected(Reason.UNKNOWN_SCHEMA, f"schema id {number} is not in ids.lock")
    if subject is not None and version.subject != subject:
        return Rejected(Reason.WRONG_SCHEMA, f"schema id {number} belongs to {version.subject}, not to {subject}")
    record = read(version, value)
    return record if isinstance(record, Rejected) else (version.subject, record)


@cache
def _eye(subject: str) -> Read:
    return reader(newest()[subject].schema)


def read(version: Version, value: bytes) -> Record | Rejected:
    """The record behind a value's header, which the caller has looked at; every byte must belong to it."""
    if newest()[version.subject] is version:
        try:
            record, end = _eye(version.subject)(value, HEADER_BYTES)
            if end == len(value):
                return record
        except Exception:  # anything unusual or damaged: the next lines find out which
            pass
    return judge(version, value)


def judge(version: Version, value: bytes) -> Record | Rejected:
    """The same by fastavro alone, which knows every spelling of Avro and every version, and has the last word."""
    buffer = io.BytesIO(value)
    buffer.seek(HEADER_BYTES)
    current = newest()[version.subject]
    try:
        record: Record = fastavro.schemaless_reader(
            buffer, version.schema, None if current is version else current.schema
        )
    except Exception as error:  # fastavro has no error of its own: damaged bytes surface as almost any exception
        return Rejected(Reason.UNDECODABLE, f"{type(error).__name__}: {error}"[:200])
    if buffer.tell() != len(value):
        return Rejected(Reason.TRAILING_BYTES, f"{len(value) - buffer.tell()} bytes after the record")
    return record


def _version(subject: str, entry: dict[str, Any], schema_text: str) -> Version:
    # Subjects share names of inner records (Product); each is parsed in a world of its own.
    schema = fastavro.parse_schema(json.loads(schema_text), named_schemas={})
    return Version(subject, entry["version"], entry["id"], entry["file"], entry["sha256"], schema)
