"""One per cent of garbage in every input topic stops no job, is all in dead-letters, and changes no output."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastavro
import pytest

from connectors.topics import INPUTS
from local_stack.addresses import Addresses
from tests.baskets import by_day
from tests.baskets.expected import difference
from tests.baskets.labels import Terms, labels
from tests.baskets.profile_labels import profiles
from tests.baskets.shop import shop
from tests.baskets.through_wire import as_records
from tests.disturb import Sent
from tests.garbage import Piece, make
from tests.stack.place import Place
from udfs.time import HOUR

VISITS = 3_000
SHARE = 0.01

Coordinate = tuple[str, int, int]
"""Topic, partition and offset."""

pytestmark = pytest.mark.stack


def plainly_sound(sent: Sent) -> bool:
    """Read without any code of ours: the lock file, fastavro, and a comparison of key, user and time."""
    home = Path("avro_schemas")
    newest = json.loads((home / "ids.lock").read_text("utf-8"))[sent.topic][-1]
    value = sent.value or b""
    if value[:1] != b"\x00" or int.from_bytes(value[1:5], "big") != newest["id"] or len(value) < 5:
        return False
    body = io.BytesIO(value[5:])
    try:
        record: Any = fastavro.schemaless_reader(body, json.loads((home / newest["file"]).read_text("utf-8")))
    except Exception:  # whatever fastavro stumbles over is a refusal
        return False
    person = record["user_id"] or record["anonymous_id"] or ""
    return not body.read() and person.encode() == sent.key and record["timestamp"] == sent.at


def with_garbage(records: list[Sent], pieces: list[Piece]) -> Iterator[tuple[Sent, Piece | None]]:
    """Each piece right after the first record of its topic that is as late as itself."""
    waiting = sorted(pieces, key=lambda piece: piece.sent.at)
    for record in records:
        yield record, None
        while waiting and waiting[0].sent.at <= record.at:
            yield waiting[0].sent, waiting.pop(0)


def test_garbage_is_all_in_dead_letters_and_changes_nothing(stack: Addresses, tmp_path: Path) -> None:
    """A good record beside a damaged one is decided on as if it were alone."""
    what = shop(VISITS)
    records = list(as_records(what.calls))
    made = make(records, SHARE, seed=7)
    # A flip that leaves a whole record which agrees with its key and time is a good record that says something else.
    refused = [piece for piece in made if piece.refusal]
    assert all(plainly_sound(piece.sent) for piece in made if not piece.refusal)
    assert {piece.sent.topic for piece in refused} == {topic.name for topic in INPUTS}
    assert len(refused) > 0.9 * len(made)

    place = Place.on(stack, "garbage", parallelism="2")
    mixed = list(with_garbage(records, refused))
    coordinates = place.send(sent for sent, _ in mixed)
    config = by_day.written(tmp_path / "config")
    jobs = {name: place.run_to_end(name, what.live_from, config=config) for name in ("campaigns", "profiles")}

    buried = {
        (piece.sent.topic, *where): (piece.sent.key, piece.sent.value, piece.refusal.reason.value)
        for (_, piece), where in zip(mixed, coordinates, strict=True)
        if piece and piece.refusal
    }
    letters = place.records("dead-letters")
    assert len(letters) == len(jobs) * len(refused)
    for name, job in jobs.items():
        assert graves(letters, name) == buried
        assert place.failures(job) == []
    stop_at = what.last + 48 * HOUR
    assert difference(place.outcome(), labels(what.calls, Terms(what.live_from), stop_at)) == ""
    changes = [told for told in place.records("segment-changes") if told["segment"] == "cart_open"]
    openings = {(told["user_id"], told["change"], told["at"]) for told in changes}
    assert openings == profiles(what.calls, stop_at).openings


def graves(letters: list[dict[str, Any]], job: str) -> dict[Coordinate, tuple[bytes, bytes, str]]:
    """What a job's dead letters say of each refused record, by where it lies."""
    return {
        (letter["topic"], letter["partition"], letter["offset"]): (letter["key"], letter["value"], letter["reason"])
        for letter in letters
        if letter["job"] == job
    }
