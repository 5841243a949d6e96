"""A shard of columns in the operator: small and large ticks alike, restored from its state, refused if that differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from connectors import input_columns
from connectors.coordinates import TOPIC_SHIFT
from connectors.raw_tick import RawTick
from connectors.records import Record
from connectors.settings import SettingError, Settings
from connectors.topics import kind_of
from tests.calls import call, sent
from tests.disturb import Sent
from tests.garbage import spoil
from tests.unit.test_stored_shard import Entries
from udfs.columns.activity import Activity, SessionsEnded, WindowEnded
from udfs.columns.counted import Measures
from udfs.operators import column_shard
from udfs.operators.column_shard import ColumnShard, ColumnShards
from udfs.operators.counters import Counters
from udfs.operators.stored_shard import StateMismatch
from udfs.time import MINUTE, SECOND, Millis

BEGIN = 1_767_261_600_000
NAMES = {"Product Viewed": 1, "Product Added": 5, "Order Completed": 10}
ACTIVITY = Activity(Measures(NAMES, {"Product Added": 1}), size=5 * MINUTE, slide=MINUTE, gap=10 * MINUTE)


class Counts:
    """Flink's metric group, and the counter of each name."""

    def __init__(self) -> None:
        self.counted: dict[str, int] = {}

    def add_group(self, *_: str) -> Counts:
        return self

    def counter(self, name: str) -> Any:
        counted = self.counted

        class Counter:
            def inc(self, by: int) -> None:
                counted[name] = counted.get(name, 0) + by

        return Counter()


@dataclass(frozen=True)
class Told:
    """Writes every output as its text."""

    settings: Settings = field(default_factory=Settings)
    job: str = "shared"
    activity: Activity = ACTIVITY

    def write(self, output: WindowEnded | SessionsEnded, shard: int, until: Millis) -> list[Record]:
        if isinstance(output, WindowEnded):
            rows = [f"{user} {output.start} {total}" for user, total in output.sums.items()]
        else:
            rows = [f"{s.user} {s.first} {s.last} {s.events} {s.marks}" for s in output.sessions]
        return [Record("rows", b"", row.encode(), until) for row in rows]


def opened(entries: Entries, counts: Counts | None = None, **settings: int) -> ColumnShard:
    return ColumnShards(Told(Settings(**settings)), Counters(counts or Counts())).open(0, entries)  # type: ignore[arg-type]


def raw(records: Sequence[Sent], late: Millis = 0) -> RawTick:
    """The records in a tick; `late` ms later than they say."""
    places = [(kind_of(record.topic) << TOPIC_SHIFT) | offset for offset, record in enumerate(records)]
    times = [record.at for record in records]
    return RawTick([r.key for r in records], [r.value for r in records], places, times, [at + late for at in times])


def shop(seed: int, seconds: int, each: int) -> list[list[Sent]]:
    """Events by second; now and then an id comes again, at once or under another time."""
    dice = Random(seed)
    products = {"product_id": "p", "products": [{"product_id": "p"}], "order_id": "o"}

    def event(second: int) -> Sent:
        at = BEGIN + second * SECOND + dice.randrange(SECOND)
        person, identity = f"u{dice.randrange(20)}", f"m{dice.randrange(seconds * each // 20 + 10)}"
        return sent(call(dice.choice(list(NAMES)), at, person, identity, **products))

    return [[event(second) for _ in range(each)] for second in range(seconds)]


def run(shard: ColumnShard, ticks: list[list[Sent]], first: int = 0) -> list[str]:
    out: list[Record] = []
    for number, records in enumerate(ticks, first):
        until = BEGIN + (number + 1) * SECOND - 1
        out += shard.take(raw(records) if records else None, until)
    return sorted(record.value.decode("latin-1") for record in out)


def finish(shard: ColumnShard) -> list[str]:
    return sorted(record.value.decode("latin-1") for record in shard.take(None, BEGIN + 60 * MINUTE - 1))


@pytest.mark.parametrize("smallest", [1, 10_000])
def test_few_and_many_records_are_counted_alike(smallest: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a tick is read one by one or as columns is a question of speed only."""
    ticks = shop(1, 90, 30)
    plain = opened(Entries())
    expected = run(plain, ticks) + finish(plain)
    monkeypatch.setattr(column_shard, "LARGE", 1)
    monkeypatch.setattr(input_columns, "SMALLEST", smallest)
    columns = opened(Entries())
    assert run(columns, ticks) + finish(columns) == expected
    assert len(expected) > 100


@pytest.mark.parametrize("large", [1, 10_000])
def test_garbage_goes_to_the_dead_letters_on_both_paths(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """One bad record costs its tick time, and its neighbours nothing."""
    monkeypatch.setattr(column_shard, "LARGE", large)
    records = shop(2, 1, 100)[0]
    counts = Counts()
    shard = opened(Entries(), counts)
    good = shard.take(raw(records), BEGIN + 999)
    bad = opened(Entries(), counts).take(raw([*records, spoil(records[0], "truncated", Random(1)).sent]), BEGIN + 999)
    assert good == []
    assert [record.topic for record in bad] == ["dead-letters"]
    assert counts.counted["rejected"] == 1


@pytest.mark.parametrize("large", [1, 10_000])
def test_a_restored_shard_goes_on_as_if_nothing_had_happened(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows, sessions, message ids and the place in time all come back, in the middle of a slide."""
    monkeypatch.setattr(column_shard, "LARGE", large)
    ticks = shop(3, 100, 12)
    whole = opened(Entries())
    expected = sorted(run(whole, ticks) + finish(whole))
    entries = Entries()
    told = run(opened(entries), ticks[:77])
    again = opened(entries)
    told += run(again, ticks[77:], 77) + finish(again)
    assert sorted(told) == expected


def test_nothing_is_left_over_but_ids() -> None:
    """What a tick added is gone from state once nothing can ask for it."""
    entries = Entries()
    shard = opened(entries)
    run(shard, shop(4, 30, 5))
    finish(shard)
    assert [key for key in entries if key.startswith("t:")] == []
    assert shard.next_alarm() is None


def test_a_late_event_counts_at_its_effective_time() -> None:
    """It changes what is still open, and is counted as late."""
    counts = Counts()
    shard = opened(Entries(), counts)
    shard.take(raw([sent(call("Product Viewed", BEGIN - MINUTE, "u"))], late=MINUTE), BEGIN + 999)
    assert counts.counted["late"] == 1
    assert f"u {BEGIN} {BEGIN} 1 0" in finish(shard)


def test_nothing_beyond_the_stop_is_counted() -> None:
    """A bounded run may end in the middle of a tick."""
    shard = opened(Entries())
    shard.take(raw([sent(call("Product Viewed", BEGIN + 10, "u"))]), BEGIN + 5)
    assert shard.next_alarm() is None


@pytest.mark.parametrize("changed", [{"tick": 2_000}, {"shards": 8}, {"bound": 7_000}])
def test_state_of_other_settings_is_refused(changed: dict[str, int]) -> None:
    """As for rules: with a sentence, never by starting empty."""
    entries = Entries()
    run(opened(entries), shop(5, 2, 3))
    with pytest.raises(StateMismatch, match=next(iter(changed))):
        opened(entries, None, **changed)


def test_a_tick_must_fit_the_slide() -> None:
    """Or an event could not say in which slide it lies."""
    work = Told(Settings(tick=MINUTE), activity=Activity(ACTIVITY.measures, MINUTE, 40 * SECOND, 10 * MINUTE))
    with pytest.raises(SettingError, match="does not fit"):
        ColumnShards(work, Counters(Counts()))
