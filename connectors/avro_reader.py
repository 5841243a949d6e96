"""Read whole, plain Avro records of one schema by straight-line code made from it, twice as fast as fastavro.

It reads the spellings that writers use and raises on everything else, damaged or merely unusual; what it raises on,
fastavro judges (connectors/wire.py). So it may refuse too much but never read anything that fastavro reads otherwise,
which a property test holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

Read = Callable[[bytes, int], tuple[dict[str, Any], int]]
Makers = Mapping[str, tuple[Callable[..., Any], Sequence[str]]]


def reader(schema: Any, makers: Makers | None = None, passed_over: Collection[str] = ()) -> Read:
    """A function from bytes and a start to a record and its end; an end behind the bytes means that they are cut.

    Inner records come as dictionaries, or by name as what a maker makes of the fields that it names. A whole number
    that is `passed_over` is None, whatever it is.
    """
    code = _Code(makers or {}, passed_over)
    code.value(schema, "record", "    ")
    source = "\n".join(["def read(v, i):", *code.lines, "    return record, i"])
    exec(source, code.names)  # our own schemas from our own files, the way dataclasses make their __init__
    made: Read = code.names["read"]
    return made


class _Code:
    """Lines that read values from `v` at `i`, and the names that they use."""

    def __init__(self, makers: Makers, passed_over: Collection[str]) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"long": _long, "size": _size, "truth": {0: False, 1: True}}
        self._makers = makers
        self._passed_over = passed_over
        self._schemas: dict[str, Any] = {}
        self._fresh = 0

    def value(self, schema: Any, name: str, indent: str) -> None:
        """Read one value into the variable `name`."""
        if isinstance(schema, list):
            return self._nullable(schema, name, indent)
        if isinstance(schema, str):
            if schema in _PLAIN:
                return self._add(indent, *(line.format(name=name) for line in _PLAIN[schema]))
            return self.value(self._schemas[schema.rpartition(".")[2]], name, indent)
        if "name" in schema:
            self._schemas[schema["name"].rpartition(".")[2]] = schema
        kinds = {"record": self._record, "enum": self._enum, "array": self._array, "map": self._map}
        if (special := kinds.get(schema["type"])) is not None:
            return special(schema, name, indent)
        return self.value(schema["type"], name, indent)

    def _add(self, indent: str, *lines: str) -> None:
        self.lines += [indent + line for line in lines]

    def _variable(self) -> str:
        self._fresh += 1
        return f"x{self._fresh}"

    def _nullable(self, schema: list[Any], name: str, indent: str) -> None:
        self._add(indent, "if v[i] == 2:", "    i += 1")
        self.value(schema[1], name, indent + "    ")
        self._add(indent, "elif v[i]:", "    raise ValueError", "else:", f"    {name} = None", "    i += 1")

    def _record(self, schema: dict[str, Any], name: str, indent: str) -> None:
        variables = {field["name"]: self._variable() for field in schema["fields"]}
        for field in schema["fields"]:
            self.value(
                _unread(field["type"]) if field["name"] in self._passed_over else field["type"],
                variables[field["name"]],
                indent,
            )
        own_name = schema["name"].rpartition(".")[2]
        if own_name in self._makers:
            make, fields = self._makers[own_name]
            self.names[f"make_{own_name}"] = make
            self._add(indent, f"{name} = make_{own_name}({', '.join(variables[field] for field in fields)})")
        else:
            pairs = [f"{field!r}: {variable}" for field, variable in variables.items()]
            self._add(indent, f"{name} = {{{', '.join(pairs)}}}")

    def _enum(self, schema: dict[str, Any], name: str, indent: str) -> None:
        symbols = self._variable()
        self.names[symbols] = {place << 1: symbol for place, symbol in enumerate(schema["symbols"])}
        self._add(indent, f"{name} = {symbols}[v[i]]", "i += 1")

    def _array(self, schema: dict[str, Any], name: str, indent: str) -> None:
        item = self._variable()
        self._blocks(f"{name} = []", indent)
        self.value(schema["items"], item, indent + "        ")
        self._add(indent, f"        {name}.append({item})", "    if v[i]: raise ValueError", "    i += 1")

    def _map(self, schema: dict[str, Any], name: str, indent: str) -> None:
        key, item = self._variable(), self._variable()
        self._blocks(f"{name} = {{}}", indent)
        self.value("string", key, indent + "        ")
        self.value(schema["values"], item, indent + "        ")
        self._add(indent, f"        {name}[{key}] = {item}", "    if v[i]: raise ValueError", "    i += 1")

    def _blocks(self, empty: str, indent: str) -> None:
        """A list or map in one block, as writers write it; `v[i]` beyond the end stops an endless count."""
        self._add(indent, empty, "n, i = size(v, i)", "if n:", "    for _ in range(n):")


def _unread(schema: Any) -> Any:
    return (
        [_unread(branch) for branch in schema] if isinstance(schema, list) else {"long": "passed"}.get(schema, schema)
    )


# What the six bytes of a time of this century have beyond its number: each but the last announces another.
_MORE = sum(128 << 7 * place for place in range(5))


def _long(v: bytes, i: int) -> tuple[int, int]:
    if len(six := v[i : i + 6]) == 6:
        a, b, c, d, e, f = six
        if f < 128 and a & b & c & d & e > 127:
            number = a + (b << 7) + (c << 14) + (d << 21) + (e << 28) + (f << 35) - _MORE
            return (number >> 1) ^ -(number & 1), i + 6
    number = shift = 0
    while True:
        byte = v[i]
        i += 1
        number |= (byte & 127) << shift
        if byte < 128:
            break
        shift += 7
        if shift > 56:
            raise ValueError
    return (number >> 1) ^ -(number & 1), i


def _size(v: bytes, i: int) -> tuple[int, int]:
    number, i = _long(v, i)
    if number < 0:
        raise ValueError
    return number, i


# One byte says most numbers and lengths; a length that reaches beyond the end shows in the end position.
_SHORT = ("n = v[i]", "if n > 127 or n & 1:", "    n, i = size(v, i)", "else:", "    i += 1", "    n >>= 1")
_LONG = (
    "n = v[i]",
    "if n > 127:",
    "    {name}, i = long(v, i)",
    "else:",
    "    i += 1",
    "    {name} = (n >> 1) ^ -(n & 1)",
)
_PLAIN: dict[str, tuple[str, ...]] = {
    "string": (*_SHORT, "{name} = v[i : i + n].decode()", "i += n"),
    "bytes": (*_SHORT, "{name} = v[i : i + n]", "i += n"),
    "long": _LONG,
    "int": _LONG,
    "passed": (
        "if int.from_bytes(v[i : i + 6], 'little') & 0x808080808080 == 0x8080808080 and i + 6 <= len(v):",
        "    i += 6",
        "else:",
        "    _, i = long(v, i)",
        "{name} = None",
    ),
    "boolean": ("{name} = truth[v[i]]", "i += 1"),
}
