"""JSON Schema of a campaign's file for editors, made from the table of keys that the parser reads by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from udfs.campaigns import CAMPAIGN_KEYS
from udfs.schedule import moment
from udfs.toml_keys import REQUIRED, Key, OneOf, Whole, instant, length, longer_than_nothing, text, word, yes_or_no

Schema = dict[str, Any]

# What a file must have, and what one of several mails need not have: the parser says so in words of its own.
NEEDED = ("name", "steps")
ONE_OF = ("signal", "schedule")
NOT_IN_THE_FIRST = "steps[].after"

_LENGTH = r"^\s*[0-9]+\s*(ms|s|min|h|d)\s*$"
_SHAPES: Mapping[Any, Schema] = {
    word: {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_-]{0,63}$"},
    text: {"type": "string", "minLength": 1},
    length: {"type": "string", "pattern": _LENGTH},
    longer_than_nothing: {"type": "string", "pattern": _LENGTH.replace("[0-9]+", "0*[1-9][0-9]*")},
    instant: {"type": "string", "format": "date-time"},
    moment: {"type": "string", "pattern": r"^20\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)?$"},
    yes_or_no: {"type": "boolean"},
}


def campaign_schema() -> Schema:
    """The schema of a file under config/campaigns; it knows each key by itself, the parser how they go together."""
    root = _table()
    for name, key in CAMPAIGN_KEYS.items():
        *tables, last = name.split(".")
        table = root
        for part in tables:
            table = _within(table, part)
        table["properties"][last] = _shape(key)
        if key.default is REQUIRED and tables and name != NOT_IN_THE_FIRST:
            table["required"] = [*table.get("required", []), last]
    steps = root["properties"]["steps"]
    steps["minItems"] = 1
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A campaign of Tidemark"}
    return head | root | {"required": list(NEEDED), "anyOf": [{"required": [name]} for name in ONE_OF]}


def _within(table: Schema, part: str) -> Schema:
    """The table of a key's part; `steps[]` is an array of tables."""
    name = part.removesuffix("[]")
    inner: Schema
    if name == part:
        inner = table["properties"].setdefault(name, _table())
    else:
        inner = table["properties"].setdefault(name, {"type": "array", "items": _table()})["items"]
    return inner


def _table() -> Schema:
    return {"type": "object", "properties": {}, "additionalProperties": False}


def _shape(key: Key) -> Schema:
    shape = _of(key.read)
    return shape if key.default is REQUIRED or key.default is None else shape | {"default": key.default}


def _of(read: Any) -> Schema:
    if isinstance(read, OneOf):
        return {"enum": list(read.words)}
    if isinstance(read, Whole):
        return {"type": "integer", "minimum": read.least, "maximum": 2**63 - 1 if read.most is None else read.most}
    return dict(_SHAPES[read])
