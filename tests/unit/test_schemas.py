"""Schemas, their lock, the topics that carry them and the classes that fill them agree."""

from __future__ import annotations

import itertools
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors import wire
from connectors.topics import TOPICS
from tests.schema_rules import breaks, faults
from udfs import outputs

HOME = Path(str(files("avro_schemas")))
LOCK: dict[str, list[dict[str, Any]]] = json.loads((HOME / "ids.lock").read_text())
VERSIONS = [(subject, entry) for subject, entries in LOCK.items() for entry in entries]
STRUCTS: dict[str, type[msgspec.Struct]] = {
    "segment-changes": outputs.SegmentChange,
    "triggers": outputs.Trigger,
    "decisions": outputs.Decision,
}


def schema(file: str) -> Any:
    return json.loads((HOME / file).read_text())


def fields_of(subject: str) -> dict[str, Any]:
    return {field["name"]: field["type"] for field in schema(LOCK[subject][-1]["file"])["fields"]}


@pytest.mark.parametrize(("subject", "entry"), VERSIONS, ids=lambda part: part if isinstance(part, str) else "")
def test_the_lock_has_the_fingerprint_of_each_file(subject: str, entry: dict[str, Any]) -> None:
    """A stored version never changes: to change a schema is to add one."""
    found = wire.fingerprint((HOME / entry["file"]).read_text())
    assert found == entry["sha256"], f"{subject}: {entry['file']} is not what id {entry['id']} was given to"


def test_ids_are_given_once_and_versions_count_from_one() -> None:
    """An id means one schema for ever."""
    ids = [entry["id"] for _, entry in VERSIONS]
    assert len(ids) == len(set(ids))
    for entries in LOCK.values():
        assert [entry["version"] for entry in entries] == list(range(1, len(entries) + 1))


def test_every_file_is_in_the_lock_and_the_newest_has_the_plain_name() -> None:
    """No schema without an id, and one place to look."""
    assert {entry["file"] for _, entry in VERSIONS} == {path.name for path in HOME.glob("*.avsc")}
    assert all(entries[-1]["file"] == f"{subject}.avsc" for subject, entries in LOCK.items())


def test_every_topic_has_its_schema_and_every_schema_its_topic() -> None:
    """The table of topics and the folder of schemas are one list."""
    assert sorted(topic.subject for topic in TOPICS) == sorted(LOCK)


@pytest.mark.parametrize(("subject", "entry"), VERSIONS, ids=lambda part: part if isinstance(part, str) else "")
def test_schemas_keep_our_rules(subject: str, entry: dict[str, Any]) -> None:
    """A doc everywhere, null by default, enums with a way out, plain times, nothing that costs no byte."""
    assert faults(schema(entry["file"])) == []


@pytest.mark.parametrize("subject", sorted(LOCK))
def test_all_versions_of_a_subject_read_each_other(subject: str) -> None:
    """FULL_TRANSITIVE: old jobs read new records and new jobs the whole log."""
    for old, new in itertools.combinations(LOCK[subject], 2):
        assert breaks(schema(old["file"]), schema(new["file"])) == []


def test_the_rule_finds_what_would_break() -> None:
    """The check itself is checked, as long as there is only one version of each."""
    cart = schema("cart.avsc")
    nullable = {"name": "note", "type": ["null", "string"], "default": None, "doc": "A note."}
    required = {"name": "note", "type": "string", "doc": "A note."}
    fewer = [field for field in cart["fields"] if field["name"] != "user_id"]
    retyped = [field | {"type": "int"} if field["name"] == "timestamp" else field for field in cart["fields"]]
    headless = [field for field in cart["fields"] if field["name"] != "message_id"]

    def against(fields: list[Any]) -> list[str]:
        return breaks(cart, cart | {"fields": fields})

    assert against([*cart["fields"], nullable]) == []
    assert against(fewer) == []
    assert against([*cart["fields"], required]) == ["CartEvent.note: comes or goes without a default"]
    assert against(headless) == ["CartEvent.message_id: comes or goes without a default"]
    assert against(retyped) == ["CartEvent.timestamp: the type changed"]


def test_inputs_share_one_envelope() -> None:
    """What every event has is read the same way everywhere."""
    inputs = [fields_of(topic.subject) for topic in TOPICS if topic.role == "input"]
    common = (
        "message_id type event user_id anonymous_id timestamp original_timestamp sent_at received_at context properties"
    )
    for fields in inputs:
        assert list(fields)[: len(common.split())] == common.split()


def test_personal_data_travels_in_profile_changes_only() -> None:
    """Where a mail address is, erasing it is a duty."""
    personal = {"email", "first_name", "last_name"}
    assert {subject for subject in LOCK if personal & fields_of(subject).keys()} == {"profile-changes"}


@pytest.mark.parametrize("subject", sorted(STRUCTS))
def test_the_classes_have_the_fields_of_their_schemas(subject: str) -> None:
    """A field that only one side knows would be lost or refused."""
    info = msgspec.structs.fields(STRUCTS[subject])
    assert [field.encode_name for field in info] == list(fields_of(subject))


@pytest.mark.parametrize("subject", sorted(STRUCTS))
def test_a_class_is_null_where_its_schema_is(subject: str) -> None:
    """None in a field that is not nullable would fail the job at its first record."""
    types = fields_of(subject)
    for field in msgspec.structs.fields(STRUCTS[subject]):
        optional = type(None) in getattr(field.type, "__args__", ())
        assert optional == isinstance(types[field.encode_name], list), field.name


def test_a_trigger_goes_through_the_wire_and_back() -> None:
    """The struct that rules emit is the record that the render service reads."""
    item = outputs.Item("p1", None, 2, 1250, "Mug", None, None)
    trigger = outputs.Trigger(
        "t1", "cart_abandonment", "v", 1, "email", "u", None, 5, (item,), 2500, "EUR", "cart_left", "marketing", 9
    )
    decoded = wire.decode(wire.encode("triggers", trigger), "triggers")
    assert isinstance(decoded, tuple)
    assert msgspec.convert(decoded[1], outputs.Trigger) == trigger
