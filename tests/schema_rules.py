"""When two versions of a schema may live on one topic: each reads the other, and nothing is renamed."""

from __future__ import annotations

from typing import Any

Schema = Any


def faults(schema: Schema, named: dict[str, Schema] | None = None, where: str = "") -> list[str]:
    """What our rules forbid in one schema: fields without doc or a null default, enums without default, and more."""
    named = {} if named is None else named
    if isinstance(schema, list):
        bad = len(schema) != 2 or schema[0] != "null"
        return [f"{where}: a union must be null and one other type"] * bad + faults(schema[-1], named, where)
    if isinstance(schema, str):
        return [f"{where}: null alone costs no byte"] if schema == "null" else []
    where = where or schema.get("name", "")
    found = [f"{where}: no logical types: times are plain long"] if "logicalType" in schema else []
    if schema["type"] == "enum":
        return found + [f"{where}: an enum needs a default and a doc"] * (not {"default", "doc"} <= schema.keys())
    if schema["type"] in ("array", "map"):
        return found + faults(schema.get("items", schema.get("values")), named, where)
    if schema["type"] != "record":
        return found + faults(schema["type"], named, where)
    found += [f"{where}: no doc"] * (not schema.get("doc"))
    for field in schema["fields"]:
        place = f"{where}.{field['name']}"
        found += [f"{place}: no doc"] * (not field.get("doc"))
        if isinstance(field["type"], list) and field.get("default", "none") is not None:
            found.append(f"{place}: a nullable field defaults to null")
        found += faults(field["type"], named, place)
    return found


def breaks(old: Schema, new: Schema) -> list[str]:
    """Why not all of `old` and `new` can read each other; empty if both ways are safe."""
    return _breaks(_resolved(old, {}), _resolved(new, {}), "")


def _resolved(schema: Schema, named: dict[str, Schema]) -> Schema:
    """The schema with every name replaced by what it means."""
    if isinstance(schema, list):
        return [_resolved(branch, named) for branch in schema]
    if isinstance(schema, str):
        return named.get(schema, schema)
    whole = dict(schema)
    for inner in ("items", "values"):
        if inner in whole:
            whole[inner] = _resolved(whole[inner], named)
    if whole["type"] == "record":
        whole["fields"] = [field | {"type": _resolved(field["type"], named)} for field in whole["fields"]]
    elif not isinstance(whole["type"], str) or whole["type"] in named:
        return _resolved(whole["type"], named)
    if "name" in whole:
        named[whole["name"]] = whole
    return whole


def _breaks(old: Schema, new: Schema, where: str) -> list[str]:
    if isinstance(old, str) or isinstance(new, str) or isinstance(old, list) != isinstance(new, list):
        return [] if old == new else [f"{where}: the type changed"]
    if isinstance(old, list):
        return _breaks(old[-1], new[-1], where) if len(old) == len(new) else [f"{where}: the union changed"]
    if old["type"] != new["type"] or old.get("name") != new.get("name"):
        return [f"{where}: the type or its name changed"]
    if old["type"] in ("array", "map"):
        inner = "items" if old["type"] == "array" else "values"
        return _breaks(old[inner], new[inner], where)
    if old["type"] == "enum":
        return [] if "default" in old and "default" in new else [f"{where}: an enum without default"]
    return _record_breaks(old, new, where or old["name"]) if old["type"] == "record" else []


def _record_breaks(old: Schema, new: Schema, where: str) -> list[str]:
    before = {field["name"]: field for field in old["fields"]}
    after = {field["name"]: field for field in new["fields"]}
    one_sided = [(before | after)[name] for name in before.keys() ^ after.keys()]
    found = [
        f"{where}.{field['name']}: comes or goes without a default" for field in one_sided if "default" not in field
    ]
    for name in before.keys() & after.keys():
        found += _breaks(before[name]["type"], after[name]["type"], f"{where}.{name}")
    return found
