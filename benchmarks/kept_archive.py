"""A large archive as the archiver leaves it, drawn by chance: decisions, what became of them, orders and clicks.

Per partition three files of each size, a size being a quarter of the next; so it is after years of merging.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from connectors.archive.spans import FAN, span
from connectors.archive.tables import ORDER, append, columns, person, writer
from connectors.topics import BY_NAME
from udfs.carts import ORDER_COMPLETED
from udfs.time import DAY, Millis

BEGIN: Millis = 1_756_684_800_000  # 2025-09-01
LENGTH: Millis = 400 * DAY
DECISIONS_A_PERSON = 20
SHARES = {"decisions": 1.0, "sends": 0.4, "purchase": 0.5, "email-events": 0.1}  # rows for each decision
SMALLEST_ROWS = 500
LARGE = 1_000_000  # decisions; of a smaller archive only a few people are asked about, as it shows no speed
WORDS = {"decisions": "decision", "sends": "sending", "purchase": "event", "email-events": "event"}
Story = list[tuple[Millis, str]]  # instant (ms) and kind of each moment
Numbers = np.ndarray[Any, np.dtype[np.int64]]


class Chunk(NamedTuple):
    """The rows of one file: whose they are (numbers of people), when (ms), and the first one's offset."""

    people: Numbers
    at: Numbers
    first: int


def made(home: Path, decisions: int) -> tuple[Path, dict[str, Story]]:
    """The folder of an archive of so many decisions, and the stories of those who are asked about; kept for next
    time."""
    folder, told = home / f"archive-{decisions}", home / f"archive-{decisions}.json"
    if not told.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        stories = _draw(folder, decisions)
        told.write_text(json.dumps(stories))
    known: dict[str, list[list[Any]]] = json.loads(told.read_text())
    return folder, {user: [(at, kind) for at, kind in moments] for user, moments in known.items()}


def _draw(folder: Path, decisions: int) -> dict[str, Story]:
    dice = np.random.default_rng(12)
    people = decisions // DECISIONS_A_PERSON + 1
    asked = np.sort(dice.choice(people, 60 if decisions >= LARGE else 3, replace=False))
    stories: dict[str, Story] = {_user(number): [] for number in asked.tolist()}
    for topic, share in SHARES.items():
        (folder / topic).mkdir(parents=True)
        for partition in range(BY_NAME[topic].partitions):
            for chunk in _chunks(dice, partition, int(decisions * share), people, BY_NAME[topic].partitions):
                _write(folder / topic, topic, partition, chunk, dice)
                theirs = np.isin(chunk.people, asked)
                for number, at in zip(chunk.people[theirs].tolist(), chunk.at[theirs].tolist(), strict=True):
                    stories[_user(number)].append((at, WORDS[topic]))
    return {user: sorted(story) for user, story in stories.items()}


def _chunks(dice: Any, partition: int, rows: int, people: int, partitions: int) -> Iterator[Chunk]:
    """The rows of a partition file by file, oldest first; no two rows of a topic share an instant."""
    own, first, step = rows // partitions, 0, LENGTH // rows
    for size in _sizes(own):
        offsets = np.arange(first, first + size, dtype=np.int64)
        who = dice.integers(0, people // partitions, size) * partitions + partition
        yield Chunk(who, BEGIN + (offsets * partitions + partition) * step, first)
        first += size


def _sizes(rows: int) -> Iterator[int]:
    """Three files of a size, then three of a quarter of it, and the rest."""
    size = rows * (FAN - 1) // FAN // (FAN - 1)
    while size > SMALLEST_ROWS:
        for _ in range(FAN - 1):
            yield size
            rows -= size
        size //= FAN
    if rows:
        yield rows


def _write(folder: Path, topic: str, partition: int, chunk: Chunk, dice: Any) -> None:
    rows = len(chunk.at)
    schema, told = columns(topic), _TOLD[topic](chunk, dice)
    told |= {
        "person": pa.array(_hashes(int(chunk.people.max()) + 1)[chunk.people], pa.uint64()),
        "offset": pa.array(np.arange(chunk.first, chunk.first + rows)),
        "user_id": [_user(number) for number in chunk.people.tolist()],
        "at": pa.array(chunk.at),
    }
    made = {field.name: told.get(field.name, pa.nulls(rows, field.type)) for field in schema}
    with writer(topic, span(folder, partition, chunk.first, chunk.first + rows).path) as file:
        append(file, pa.table(made, schema=schema).sort_by(ORDER))


def _decisions(chunk: Chunk, dice: Any) -> dict[str, Any]:
    rows = len(chunk.at)
    values = dice.integers(500, 30_000, rows).tolist()
    return {
        "decision_id": _ids(dice, rows),
        "signal_id": _ids(dice, rows),
        **_of_a_mail(rows),
        "cart_id": [f"c{number:x}" for number in dice.integers(0, 1 << 40, rows).tolist()],
        "outcome": ["send" if value % 5 < 2 else "drop" for value in values],
        "reason": ["sent" if value % 5 < 2 else "ordered_recently" for value in values],
        "facts": [_facts(at, value) for at, value in zip(chunk.at.tolist(), values, strict=True)],
    }


def _facts(at: Millis, value: int) -> str:
    """Twenty of them, as the governor writes them."""
    return (
        f'{{"after_order":"24h","cap_20h":"{value % 2} of 1","cap_7d":"{value % 3} of 3","consent":"true",'
        f'"currency":"EUR","deadline":"{at}","history_from":"{BEGIN}","items":"{value % 7 + 1}",'
        f'"last_activity":"{at - 600_000}","last_order":"{at - value * 1_000}","last_send":"{at - value * 90_000}",'
        f'"live_from":"{BEGIN}","local_time":"{value % 24:02}:{value % 60:02}","minimum_value":"500",'
        f'"reentry":"7d","spell_start":"{at - 900_000 - value}","value":"{value}","wait":"10min",'
        f'"zone":"Europe/Berlin","zone_by":"device"}}'
    )


def _sends(chunk: Chunk, dice: Any) -> dict[str, Any]:
    rows = len(chunk.at)
    ids = {name: _ids(dice, rows) for name in ("send_id", "trigger_id", "message_id")}
    return {**ids, **_of_a_mail(rows), "outcome": ["sent"] * rows, "reason": ["sent"] * rows}


def _orders(chunk: Chunk, _: Any) -> dict[str, Any]:
    return {"event": [ORDER_COMPLETED] * len(chunk.at)}


def _clicks(chunk: Chunk, dice: Any) -> dict[str, Any]:
    rows = len(chunk.at)
    return {
        "event": ["Email Link Clicked"] * rows,
        "campaign": ["cart_abandonment"] * rows,
        "step": pa.array(np.ones(rows, np.int64)),
        "trigger_id": _ids(dice, rows),
    }


_TOLD = {"decisions": _decisions, "sends": _sends, "purchase": _orders, "email-events": _clicks}


def _of_a_mail(rows: int) -> dict[str, Any]:
    one = {"campaign": "cart_abandonment", "version": "3f9c2a7b81d04e65", "channel": "email", "template": "cart_left"}
    return {name: [said] * rows for name, said in one.items()} | {"step": pa.array(np.ones(rows, np.int64))}


def _ids(dice: Any, rows: int) -> list[str]:
    text = dice.bytes(16 * rows).hex()
    return [text[place : place + 32] for place in range(0, 32 * rows, 32)]


def _user(number: int) -> str:
    return f"u{number:07}"


@cache
def _all_hashes(people: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return np.array([person(_user(number)) for number in range(people)], np.uint64)


def _hashes(people: int) -> np.ndarray[Any, np.dtype[np.uint64]]:
    """Those of the first `people`, in steps, so that few tables are made."""
    return _all_hashes(1 << (people - 1).bit_length())
