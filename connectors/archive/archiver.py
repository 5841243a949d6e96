"""Takes records in by partition, keeps what explains a decision, and writes it down: each offset once.

decisions, sends ──┬──► last fifty of each person in Redis
                   └──► Parquet by person
purchase, email-events: when somebody ordered or clicked ──► Parquet by person
profile-changes: who is to be forgotten ──► out of both
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

import pyarrow.compute as pc
import pyarrow.parquet as pq
from kafka.consumer.fetcher import ConsumerRecord

from connectors.archive.compaction import compact, purge
from connectors.archive.reading import newest
from connectors.archive.spans import publish, reached, span, spans, sweep
from connectors.archive.tables import KEPT, Row, person, write
from connectors.rejected import Rejected
from connectors.topics import BY_NAME, HEARTBEAT_KEY, full_name
from connectors.wire import decode
from udfs.carts import ORDER_COMPLETED
from udfs.events import ERASURE
from udfs.time import DAY, Millis

TOPICS = tuple(KEPT)
KEEP: Millis = 400 * DAY  # as long as the topic `decisions` itself
OF_EVENTS = frozenset({ORDER_COMPLETED, "Email Link Clicked"})
IDLE_OFFSETS = 50_000  # of a partition without anything to keep, before a file says that they were read

Place = tuple[str, int]
log = logging.getLogger(__name__)


class Recent(Protocol):
    """Where the last decisions of each person are shown."""

    def remember(self, topic: str, records: Iterable[Mapping[str, Any]]) -> None: ...
    def forget(self, user: str, at: Millis) -> None: ...


class Archiver:
    """The one writer of a folder. What is not flushed is lost with the process, and read again by the next one."""

    def __init__(self, folder: Path, namespace: str, recent: Recent) -> None:
        self._recent = recent
        self._folders = {topic: folder / full_name(topic, namespace) for topic in TOPICS}
        for own in self._folders.values():
            own.mkdir(parents=True, exist_ok=True)
            sweep(own)
        self._next = {(topic, p): o for topic, own in self._folders.items() for p, o in reached(own).items()}
        self._held: dict[Place, list[Row]] = {}
        self._erased: dict[int, Millis] = {}
        for own in self._folders.values():
            for who, at in _erasures(own):
                self._erased[who] = max(at, self._erased.get(who, at))
        self._unpurged = False
        self.newest = newest(self._folders["decisions"])

    def next(self, topic: str, partition: int) -> int:
        """The first offset that is not archived yet."""
        return self._next.get((topic, partition), 0)

    @property
    def held(self) -> int:
        """How many rows wait to be written."""
        return sum(len(rows) for rows in self._held.values())

    def take(self, topic: str, record: ConsumerRecord) -> None:
        """Look at one record; `flush` makes it last."""
        if record.key and record.key != HEARTBEAT_KEY and (row := _row(topic, record)):
            self._held.setdefault((topic, record.partition), []).append(row)

    def flush(self, positions: Mapping[Place, int], at_the_end: bool = False) -> None:
        """Write down everything below `positions`, the offsets from which the partitions are read on."""
        self._forget_erased()
        for place, following in positions.items():
            rows, first = self._held.pop(place, []), self._next.get(place, 0)
            few = following - first < IDLE_OFFSETS and not at_the_end
            if following <= first or (not rows and few):
                continue
            self._write(place, first, following, [row for row in rows if not self._is_erased(row)])

    def tidy(self) -> None:
        """Merge small files."""
        for topic, folder in self._folders.items():
            compact(folder, topic, self._erased, self.newest - KEEP)

    def clean(self) -> None:
        """Rewrite files with somebody who was erased, or with rows that are too old."""
        for topic, folder in self._folders.items():
            purge(folder, topic, self._erased, self.newest - KEEP)
        self._unpurged = False

    @property
    def unclean(self) -> bool:
        """Whether somebody was erased since the last `clean`."""
        return self._unpurged

    def _write(self, place: Place, first: int, following: int, rows: list[Row]) -> None:
        topic, partition = place
        if topic in ("decisions", "sends"):
            self._recent.remember(topic, (dict(row.said) for row in rows))
        target = span(self._folders[topic], partition, first, following)
        part = target.path.with_suffix(".part")
        write(topic, part, rows)
        publish(part, target)
        self._next[place] = following
        self.newest = max(self.newest, max((row.at for row in rows if topic == "decisions"), default=0))

    def _forget_erased(self) -> None:
        for rows in self._held.values():
            for row in rows:
                if row.said.get("event") == ERASURE:
                    self._erased[person(row.user)] = max(row.at, self._erased.get(person(row.user), 0))
                    self._recent.forget(row.user, row.at)
                    self._unpurged = True

    def _is_erased(self, row: Row) -> bool:
        return row.said.get("event") != ERASURE and row.at <= self._erased.get(person(row.user), -1)


def _row(topic: str, record: ConsumerRecord) -> Row | None:
    user = record.key.decode(errors="replace")
    if record.value is None:
        erasure = BY_NAME[topic].role == "input"
        return Row(user, record.timestamp, record.offset, {"event": ERASURE}) if erasure else None
    if topic == "profile-changes":
        return None
    decoded = decode(record.value, topic)
    if isinstance(decoded, Rejected):
        log.warning("not_archived topic=%s partition=%d offset=%d", topic, record.partition, record.offset)
        return None
    said = decoded[1]
    if "event" in said and said["event"] not in OF_EVENTS:
        return None
    return Row(user, record.timestamp, record.offset, _told_by_link(said) if topic == "email-events" else said)


def _told_by_link(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """A click of which the sender reports the address only: our links say what mail they stood in."""
    if said["campaign"] is not None or not said["link"]:
        return said
    query = dict(parse_qsl(said["link"].partition("?")[2].partition("#")[0]))
    step = query.get("tm_step", "")
    return {
        **said,
        "campaign": query.get("tm_campaign"),
        "step": int(step) if step.isascii() and step.isdigit() and len(step) < 4 else None,
        "trigger_id": said["trigger_id"] or query.get("tm_trigger"),
    }


def _erasures(folder: Path) -> Iterable[tuple[int, Millis]]:
    for one in spans(folder):
        with pq.ParquetFile(one.path) as file:
            if "event" not in file.schema_arrow.names:
                continue
            rows = file.read(["person", "at", "event"], use_threads=False)
        found = rows.filter(pc.equal(rows.column("event"), ERASURE))
        yield from zip(found.column("person").to_pylist(), found.column("at").to_pylist(), strict=True)
