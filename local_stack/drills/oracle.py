"""What must come out of a job: the memory driver over the very log that the job has read, and how far that differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from kafka.consumer.fetcher import ConsumerRecord

from connectors import broker
from connectors.config_files import Files, read_config, read_texts
from connectors.effective_time import Marks
from connectors.input_events import read_event
from connectors.news_log import news_of
from connectors.rejected import Rejected
from connectors.topics import HEARTBEAT_KEY, KEPT, full_name, plain_name
from connectors.wire import decode
from local_stack.drills.report import Report
from local_stack.drills.scene import Scene
from local_stack.drills.witness import Witness
from udfs.campaign_config import campaign_rule
from udfs.events import Event, Kind
from udfs.memory_driver import Story, drive
from udfs.news import News
from udfs.outputs import Decision
from udfs.profile_config import load
from udfs.profile_rule import ProfileRule
from udfs.time import HOUR, Millis

Rows = Counter[bytes]
CAMPAIGNS = ("decisions", "triggers", "dead-letters")
_MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Log:
    """The events and news of a scene's topics at their effective times, how many records are neither, the tide.

    `history_from` is what the job was told.
    """

    events: list[Event]
    news: list[News]
    refused: int
    tide: Millis
    history_from: Millis

    def until(self, at: Millis) -> list[Event]:
        """Without what belongs to a tick that is not complete."""
        return [event for event in self.events if event.at <= at]


def read_log(scene: Scene) -> Log:
    """The whole log as the jobs read it."""
    marks = Marks(scene.jobs_settings.bound)
    events, news, refused = list[Event](), list[News](), 0
    for topic in KEPT:
        for record in broker.read_to_end(scene.addresses.kafka, scene.names(topic.name)):
            effective = marks.effective(topic.name, record.partition, record.timestamp)
            if record.key == HEARTBEAT_KEY or topic.kind is None:
                continue
            told = _read(topic.kind, record, effective)
            if isinstance(told, Event):
                events.append(told)
            elif isinstance(told, News):
                news.append(told)
            else:
                refused += 1
    return Log(events, news, refused, marks.tide() or 0, scene.history_from())


def _read(kind: Kind, record: ConsumerRecord, effective: Millis) -> Event | News | Rejected:
    if kind >= Kind.CAMPAIGN:
        return news_of(record, kind, effective)
    return read_event(kind, record.key, record.value, record.timestamp, effective)


def campaigns(log: Log, live_from: Millis, stop_at: Millis, files: Files | None = None) -> Story[Any, Any]:
    """What the campaigns decide over the log up to `stop_at`."""
    rule = campaign_rule(read_config() if files is None else files, live_from, log.history_from)
    return drive(rule, log.until(stop_at), stop_at, tick=HOUR, news=log.news)


def profiles(log: Log, stop_at: Millis) -> dict[str, tuple[dict[str, str], tuple[str, ...]]]:
    """What is to be read of each person when the job stands at `stop_at`: fields as Redis holds them, and segments."""
    rule = ProfileRule(load(read_texts()), log.history_from)
    known = drive(rule, log.until(stop_at), stop_at, tick=HOUR)
    return {
        user: ({name: str(said) for name, said in rule.view(state).items()}, rule.segments(state))
        for user, state in known.states.items()
    }


def rows(outputs: Iterable[Any]) -> Rows:
    """Outputs of the memory driver or decoded records, word for word, as a multiset."""
    return Counter(msgspec.json.encode(msgspec.to_builtins(output), order="deterministic") for output in outputs)


def committed_rows(scene: Scene, *topics: str) -> Rows:
    """The committed records of topics, decoded; dead letters by the place of what was refused."""
    found: list[Any] = []
    for record in broker.read_to_end(scene.addresses.kafka, scene.names(*topics)):
        topic = plain_name(record.topic, scene.namespace)
        decoded = decode(record.value, topic)
        if not isinstance(decoded, tuple):
            found.append(f"{topic} {record.partition} {record.offset}: {decoded}")
        elif topic != "dead-letters":
            found.append(decoded[1])
    return rows(found)


def decisions(scene: Scene) -> list[Decision]:
    """The committed decisions."""
    found = []
    for record in broker.read_to_end(scene.addresses.kafka, scene.names("decisions")):
        decoded = decode(record.value, "decisions")
        if isinstance(decoded, tuple):
            found.append(msgspec.convert(decoded[1], Decision))
    return found


def moment(row: bytes) -> Millis:
    """The `at` of a row."""
    at: Millis = msgspec.json.decode(row)["at"]
    return at


def difference(found: Rows, expected: Rows) -> str:
    """What is missing and what is too much, with an example; empty if both are the same multiset."""
    told = []
    for word, over in (("missing", expected - found), ("too many", found - expected)):
        if over:
            examples = " ".join(row.decode()[:300] for row in sorted(over)[:_MOST_SHOWN])
            told.append(f"{over.total()} {word}, such as {examples}")
    return "; ".join(told)


def buried(scene: Scene, job: str) -> Counter[tuple[str, int, int]]:
    """The places of the records that a job has laid into dead-letters."""
    found: Counter[tuple[str, int, int]] = Counter()
    for record in broker.read_to_end(scene.addresses.kafka, [full_name("dead-letters", scene.namespace)]):
        decoded = decode(record.value, "dead-letters")
        if isinstance(decoded, tuple) and decoded[1]["job"] == job:
            found[decoded[1]["topic"], decoded[1]["partition"], decoded[1]["offset"]] += 1
    return found


def compare_campaigns(report: Report, scene: Scene, log: Log, expected: Rows, witness: Witness | None = None) -> None:
    """Check what the campaigns have committed against the oracle, row by row."""
    told = difference(committed_rows(scene, "decisions", "triggers"), expected)
    report.check(
        "committed rows equal the memory driver over the same log, none twice, none missing",
        not told and bool(expected),
        told or f"{expected.total():,} decisions and triggers of {len(log.events):,} events",
    )
    graves = buried(scene, "campaigns")
    report.check(
        "every refused record is in dead-letters once",
        graves.total() == len(graves) == log.refused,
        f"{graves.total()} for {log.refused}",
    )
    if witness is not None:
        wrong = witness.contradicted()
        report.check(
            "the second reader saw nothing that was taken back", not wrong, f"{wrong} of {witness.count():,} records"
        )
    report.figures |= {"events": len(log.events), "rows": expected.total()}
