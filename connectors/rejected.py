"""Why something could not be taken in: a closed list of reasons, and the value that carries one."""

from __future__ import annotations

import enum

import msgspec


class Reason(enum.StrEnum):
    """Every reason that a dead letter can carry."""

    # Bytes on a topic.
    NOT_FRAMED = "not_framed"
    UNKNOWN_SCHEMA = "unknown_schema"
    WRONG_SCHEMA = "wrong_schema"
    UNDECODABLE = "undecodable"
    TRAILING_BYTES = "trailing_bytes"
    TOO_LARGE = "too_large"
    # What the record says against where it lies.
    KEY_MISSING = "key_missing"
    KEY_MISMATCH = "key_mismatch"
    TIME_MISMATCH = "time_mismatch"
    WRONG_TOPIC = "wrong_topic"
    IMPLAUSIBLE = "implausible"
    BAD_NEWS = "bad_news"
    # Lines of JSON before they become records.
    NOT_JSON = "not_json"
    FIELD_MISSING = "field_missing"
    BAD_VALUE = "bad_value"
    UNSUPPORTED_TYPE = "unsupported_type"


class Rejected(msgspec.Struct, frozen=True, gc=False):
    """A refusal; `detail` tells a person what exactly was wrong and holds no personal data."""

    reason: Reason
    detail: str = ""
