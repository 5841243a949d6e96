"""Write Avro for schemas like ours, four times as fast as fastavro writes their nullable fields.

A union is always null and one other type, so nothing has to be guessed from the value. fastavro tries every branch, and
a record in a union twice: 22 us for a cart event against 5 us here (2026-11-23). Tests hold the bytes equal.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import chain
from typing import Any

Write = Callable[[bytearray, Any], None]
Named = dict[str, Write]


def writer(schema: Any, named: Named | None = None) -> Write:
    """A function that appends a value's bytes; `schema` is parsed JSON. What does not fit raises."""
    named = {} if named is None else named
    if isinstance(schema, list):
        return _nullable(schema, named)
    if isinstance(schema, dict):
        made = _COMPLEX[schema["type"]](schema, named) if schema["type"] in _COMPLEX else writer(schema["type"], named)
        if "name" in schema:
            named[schema["name"].rpartition(".")[2]] = made
        return made
    return _PLAIN.get(schema) or named[schema.rpartition(".")[2]]


def _long(out: bytearray, value: int) -> None:
    number = value << 1 if value >= 0 else ~(value << 1)
    if number >> 64:
        raise OverflowError(f"{value} is no 64-bit number")
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


def _bytes(out: bytearray, value: bytes) -> None:
    _long(out, len(value))
    out += value


def _string(out: bytearray, value: str) -> None:
    text = value.encode()
    size = len(text) << 1
    if size < 128:
        out.append(size)
    else:
        _long(out, size >> 1)
    out += text


def _boolean(out: bytearray, value: bool) -> None:
    out.append(1 if value else 0)


_PLAIN: Named = {"long": _long, "int": _long, "bytes": _bytes, "string": _string, "boolean": _boolean}


def _nullable(schema: list[Any], named: Named) -> Write:
    null, other = schema
    if null != "null":
        raise TypeError(f"a union must be null and one other type, not {schema}")
    write = writer(other, named)

    def nullable(out: bytearray, value: Any) -> None:
        if value is None:
            out.append(0)
        else:
            out.append(2)
            write(out, value)

    return nullable


_REQUIRED = object()


def _record(schema: dict[str, Any], named: Named) -> Write:
    fields = [(f["name"], writer(f["type"], named), f.get("default", _REQUIRED)) for f in schema["fields"]]

    def record(out: bytearray, value: dict[str, Any]) -> None:
        for name, write, default in fields:
            given = value.get(name, default)
            if given is None and default is None:
                out.append(0)
            elif given is _REQUIRED:
                raise KeyError(name)
            else:
                write(out, given)

    return record


def _array(schema: dict[str, Any], named: Named) -> Write:
    write = writer(schema["items"], named)

    def array(out: bytearray, value: list[Any]) -> None:
        if value:
            _long(out, len(value))
            for item in value:
                write(out, item)
        out.append(0)

    return array


def _map(schema: dict[str, Any], named: Named) -> Write:
    write = writer(schema["values"], named)
    if write is _string:
        return _texts

    def mapping(out: bytearray, value: dict[str, Any]) -> None:
        if value:
            _long(out, len(value))
            for key, item in value.items():
                out += _told(key)
                write(out, item)
        out.append(0)

    return mapping


def _texts(out: bytearray, value: dict[str, str]) -> None:
    """A map of texts, such as the facts of decisions: few words, said again and again."""
    if value:
        _long(out, len(value))
        out += b"".join(map(_told, chain.from_iterable(value.items())))
    out.append(0)


@lru_cache(1 << 12)
def _told(text: str) -> bytes:
    out = bytearray()
    _string(out, text)
    return bytes(out)


def _enum(schema: dict[str, Any], named: Named) -> Write:
    places = {symbol: place << 1 for place, symbol in enumerate(schema["symbols"])}

    def enum(out: bytearray, value: str) -> None:
        out.append(places[value])

    return enum


_COMPLEX: dict[str, Callable[[dict[str, Any], Named], Write]] = {
    "record": _record,
    "array": _array,
    "map": _map,
    "enum": _enum,
}
