"""What is kept of a person beside the topics: the last decisions in Redis, the archive's files, the profile of now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import redis

from connectors.profile_reader import NoProfilesError, Profile, ProfileReader
from connectors.recent_decisions import KEPT, RecentDecisions, Standing
from connectors.settings import Settings
from connectors.topics import full_name
from udfs.carts import ORDER_COMPLETED
from udfs.outputs import Decision
from udfs.time import Millis

Record = Mapping[str, Any]
Enough = tuple[Millis, int]  # so far behind the newest decision, and at least so many
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Kept:
    """Each oldest first; `orders` are the instants (ms) of Order Completed, `clicks` records of clicked mails.

    `whole` is False if only the last decisions were looked for.
    """

    decisions: tuple[Decision, ...]
    sends: tuple[Record, ...] = ()
    orders: tuple[Millis, ...] = ()
    clicks: tuple[Record, ...] = ()
    whole: bool = True


def read_kept(settings: Settings, folder: Path, user: str, enough: Enough | None, until: Millis | None) -> Kept:
    """Everything kept of a person up to `until`, or `enough` of it if Redis has that: else the files are asked."""
    recent = RecentDecisions(settings.redis, settings.namespace)
    try:
        last = {topic: _from_redis(recent, topic, user) for topic in ("decisions", "sends")}
    finally:
        recent.close()
    found = until is None and enough is not None and covers(last["decisions"], enough)

    def rows(topic: str) -> list[Record]:
        kept = [] if found and topic in last else _from_files(folder / full_name(topic, settings.namespace), user)
        return [row for row in (*kept, *last.get(topic, ())) if until is None or row["at"] <= until]

    return Kept(
        tuple(msgspec.convert(row, Decision) for row in newest_of_each(rows("decisions"), "decision_id")),
        tuple(last_words(rows("sends"))),
        tuple(sorted({row["at"] for row in rows("purchase") if row["event"] == ORDER_COMPLETED})),
        tuple(newest_of_each(rows("email-events"), "at")),
        whole=not found,
    )


def covers(decisions: list[Record], enough: Enough) -> bool:
    """Whether Redis' last decisions are as many as it keeps, or reach back far enough."""
    age, number = enough
    if len(decisions) < number:
        return False
    return len(decisions) >= KEPT or bool(decisions[0]["at"] <= decisions[-1]["at"] - age)


def newest_of_each(rows: Iterable[Record], name: str) -> list[Record]:
    """Of rows that say the same `name` the last one, in order of time: a replay has written some of them again."""
    return sorted({row[name]: row for row in rows}.values(), key=lambda row: row["at"])


def last_words(sends: Iterable[Record]) -> list[Record]:
    """What became of each trigger in the end: a claim counts as long as nothing is known."""
    return newest_of_each(sorted(sends, key=lambda one: one["outcome"] != UNKNOWN), "trigger_id")


def read_profile(settings: Settings, user: str) -> tuple[Profile | None, Millis | None]:
    """The person as of now, and how far the profiles have come; nothing where Redis is away or has none."""
    reader = ProfileReader(settings.redis, settings.namespace)
    try:
        return reader.read_profile(user), reader.tide()
    except (NoProfilesError, redis.ConnectionError, redis.TimeoutError):
        return None, None
    finally:
        reader.close()


def read_standing(settings: Settings) -> Standing | None:
    """How far the archive has come; None if there is none, or if Redis is away."""
    recent = RecentDecisions(settings.redis, settings.namespace)
    try:
        return recent.standing()
    except (redis.ConnectionError, redis.TimeoutError):
        return None
    finally:
        recent.close()


def _from_redis(recent: RecentDecisions, topic: str, user: str) -> list[Record]:
    try:
        return list(recent.read(topic, user))
    except (redis.ConnectionError, redis.TimeoutError):
        return []


def _from_files(folder: Path, user: str) -> list[Record]:
    if not folder.is_dir():
        return []
    from connectors.archive.reading import read_person

    rows = read_person(folder, user)
    return [{**row, "facts": msgspec.json.decode(row["facts"])} if row.get("facts") else row for row in rows]
