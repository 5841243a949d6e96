"""State that a release has left behind is read by the code of now, or FORMAT says that it is not."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from connectors.config_files import read_config, read_texts
from connectors.input_events import read_event
from connectors.segment_spec import Parsed, parse
from connectors.state_format import FORMAT
from connectors.topics import kind_of
from connectors.wire import encode
from local_stack.addresses import ROOT
from local_stack.drills.golden import letters
from tests.unit.test_stored_shard import Entries
from udfs.campaign_config import campaign_rule
from udfs.events import Event
from udfs.operators.stored_shard import Meta, StoredShard
from udfs.person import Person
from udfs.profile_config import load
from udfs.profile_rule import ProfileRule
from udfs.profile_state import ProfileState
from udfs.time import MINUTE

GOLDEN = ROOT / "tests" / "golden" / "state.json"
RULES: dict[str, tuple[Callable[[], Any], type]] = {
    "campaigns": (lambda: campaign_rule(read_config(), 0, 0), Person),
    "profiles": (lambda: ProfileRule(load(read_texts()), 0), ProfileState),
}


def events() -> list[Event]:
    found = []
    for letter in letters():
        call = parse(letter.line.encode(), letter.arrives) if letter.line else None
        if isinstance(call, Parsed):
            event = read_event(kind_of(call.topic), call.key, encode(call.topic, call.record), call.at, call.at)
            assert isinstance(event, Event)
            found.append(event)
    return sorted(found, key=lambda event: event.at)


def shard_of(job: str, entries: Entries) -> StoredShard:
    rule, state_type = RULES[job]
    made = rule()
    return StoredShard(made, state_type, entries, Meta(FORMAT, MINUTE, 1, 1, getattr(made, "reads", "")))


def written(job: str) -> Entries:
    """What a job keeps of the log, by the code of now."""
    entries = Entries()
    shard, told = shard_of(job, entries), events()
    shard.shard.tick(told, told[-1].at)
    shard.save(told[-1].at)
    return entries


def golden() -> dict[str, Any]:
    """As it was left behind; REGENERATE=1 writes it anew, which is for a raised FORMAT."""
    if os.environ.get("REGENERATE") == "1":
        jobs = {job: {key: base64.b64encode(value).decode() for key, value in written(job).items()} for job in RULES}
        GOLDEN.write_text(json.dumps({"format": FORMAT, "jobs": jobs}, indent=0) + "\n")
    told: dict[str, Any] = json.loads(GOLDEN.read_text())
    return told


def test_the_golden_state_is_of_this_format() -> None:
    """Whoever raises FORMAT makes it anew: REGENERATE=1, and the savepoint by local_stack/drills/golden.py."""
    assert golden()["format"] == FORMAT


@pytest.mark.parametrize("job", RULES)
def test_the_state_of_a_release_is_read_whole(job: str) -> None:
    """If this cannot be read, raise FORMAT: jobs would fail at their first tick, and nobody would be told why."""
    entries = Entries({key: base64.b64decode(value) for key, value in golden()["jobs"][job].items()})
    read, now = shard_of(job, entries), shard_of(job, written(job))
    assert read.restored_at == now.restored_at
    assert set(read.shard.people) == set(now.shard.people) == {key[2:] for key in entries if key.startswith("u:")}
    assert read.shard.wakes.keys() == now.shard.wakes.keys()
    last = events()[-1]
    assert not read.shard.seen.new_among([last]), "the ids of the last day are known"
