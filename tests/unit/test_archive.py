"""The archive holds every record once, whatever happened to the process, in few files, and forgets whom it must."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.archive import archiver as archiver_module
from connectors.archive import compaction, spans
from connectors.archive.archiver import KEEP, TOPICS, Archiver
from connectors.archive.reading import bounds, read_person
from connectors.archive.tables import Row, columns, person, table
from connectors.wire import newest
from tests.unit.archived import T0, Notebook, archive, consumed, decision, erasure, event, send
from udfs.time import DAY, HOUR


class Crash(BaseException):
    """The process is killed here."""


def opened(folder: Path) -> Archiver:
    return Archiver(folder, "", Notebook())


def ids(folder: Path, user: str = "ada") -> list[str]:
    return [row["decision_id"] for row in read_person(folder / "decisions", user)]


def test_a_person_is_read_back_with_every_field(tmp_path: Path) -> None:
    """What the topic held is what the archive holds."""
    told = decision("ada", T0, 7, "drop", "no_consent")
    archive(opened(tmp_path), "decisions", [consumed("decisions", told, 0)])
    (row,) = read_person(tmp_path / "decisions", "ada")
    facts = row.pop("facts")
    assert facts == '{"currency":"EUR","items":"1","value":"1200","wait":"10min"}'
    assert row.items() >= {name: said for name, said in told.items() if name != "facts"}.items()
    assert read_person(tmp_path / "decisions", "nobody") == []


@pytest.mark.parametrize("topic", ["decisions", "sends"])
def test_columns_are_those_of_the_schema(topic: str) -> None:
    """A field that the schema gets is archived without a change here."""
    schema: Any = newest()[topic].schema
    assert {field["name"] for field in schema["fields"]} | {"person", "offset"} == set(columns(topic).names)


def test_of_an_order_and_a_click_only_who_and_when_is_kept(tmp_path: Path) -> None:
    """No product, no price, no address."""
    keeper = opened(tmp_path)
    order = event("purchase", "ada", T0, "Order Completed", order_id="o", cart_id=None, total=4900, currency="EUR")
    other = event("purchase", "ada", T0, "Order Refunded", order_id="o", cart_id=None, total=None, currency=None)
    archive(
        keeper,
        "purchase",
        [consumed("purchase", {**one, "products": None}, n) for n, one in enumerate([order, other])],
    )
    (row,) = read_person(tmp_path / "purchase", "ada")
    assert row == {"person": person("ada"), "offset": 0, "user_id": "ada", "at": T0, "event": "Order Completed"}


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("https://x.example/p?a=1&tm_campaign=winback&tm_step=2&tm_trigger=t#top", ("winback", 2, "t")),
        ("https://x.example/p?tm_campaign=winback&tm_step=%F0", ("winback", None, None)),
        ("https://x.example/p", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_a_click_that_is_reported_by_its_address_alone_is_known_by_our_marks(
    tmp_path: Path, link: str | None, told: tuple[str | None, int | None, str | None]
) -> None:
    """Most senders of mail tell the address that was clicked and nothing else."""
    fields = dict.fromkeys(("campaign", "step", "version", "channel", "template", "trigger_id"))
    clicked = event("email-events", "ada", T0, "Email Link Clicked", **{**fields, "link": link})
    archive(opened(tmp_path), "email-events", [consumed("email-events", clicked, 0)])
    (row,) = read_person(tmp_path / "email-events", "ada")
    assert (row["campaign"], row["step"], row["trigger_id"]) == told


def test_a_file_says_which_offsets_it_holds(tmp_path: Path) -> None:
    """A new process goes on from there."""
    archive(opened(tmp_path), "decisions", [consumed("decisions", decision("ada", T0, n), n) for n in range(3)])
    assert [path.name for path in (tmp_path / "decisions").iterdir()] == ["0-000000000000-000000000003.parquet"]
    assert opened(tmp_path).next("decisions", 0) == 3
    assert opened(tmp_path).newest == T0


def test_the_namespace_is_that_of_the_topics(tmp_path: Path) -> None:
    """Two deployments may share a folder."""
    archive(Archiver(tmp_path, "blue", Notebook()), "decisions", [consumed("decisions", decision("ada", T0), 0)])
    assert len(read_person(tmp_path / "blue.decisions", "ada")) == 1
    assert len(TOPICS) == len(list(tmp_path.iterdir()))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 4), min_size=1, max_size=12), st.sets(st.integers(0, 40), max_size=6))
def test_each_record_is_there_once_whenever_the_process_is_killed(
    tmp_path_factory: pytest.TempPathFactory, batches: list[int], kills: set[int]
) -> None:
    """Before a file has its name, after it, in the middle of a merge, before the merged files are gone."""
    folder = tmp_path_factory.mktemp("archive")
    log = [consumed("decisions", decision("ada", T0 + n, n), n) for n in range(sum(batches))]
    steps = iter(range(10_000))

    def dying(real: Any) -> Any:
        def step(*arguments: Any) -> Any:
            if next(steps) in kills:
                raise Crash
            done = real(*arguments)
            if next(steps) in kills:
                raise Crash
            return done

        return step

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archiver_module, "publish", dying(spans.publish))
        patch.setattr(compaction, "publish", dying(spans.publish))
        patch.setattr(compaction, "sweep", dying(spans.sweep))
        reached = 0
        while reached < len(log):
            try:
                keeper = opened(folder)
                reached = keeper.next("decisions", 0)
                for size in batches:
                    archive(keeper, "decisions", log[reached : reached + size])
                    keeper.tidy()
                    reached = keeper.next("decisions", 0)
            except Crash:
                continue
    opened(folder)
    assert ids(folder) == [f"{n:032x}" for n in range(len(log))]
    assert len(list((folder / "decisions").iterdir())) == len(spans.spans(folder / "decisions"))


def test_files_stay_few(tmp_path: Path) -> None:
    """A flush every few seconds for years must not make a million files."""
    keeper = opened(tmp_path)
    for n in range(50):
        archive(keeper, "decisions", [consumed("decisions", decision(f"u{n % 7}", T0 + n, n), n)])
        keeper.tidy()
    assert len(list((tmp_path / "decisions").iterdir())) <= spans.FAN
    assert len(ids(tmp_path, "u3")) == 7


@given(st.lists(st.integers(1, 1 << 26), max_size=400))
def test_merging_the_newest_ends_with_few_of_each_size(arrivals: list[int]) -> None:
    """Each file is rewritten once a size, and fewer than four of a size remain."""
    sizes: list[int] = []
    for size in arrivals:
        sizes.append(size)
        while number := spans.newest_to_merge(sizes):
            sizes[-number:] = [sum(sizes[-number:])]
    limit = spans.SMALLEST
    while limit <= spans.LARGEST:
        run = 0
        while run < len(sizes) and sizes[-1 - run] < limit:
            run += 1
        assert run < spans.FAN
        limit *= spans.FAN


def test_slices_cover_every_hash_once() -> None:
    """A merge and a report see nobody twice and leave nobody out."""
    for rows in (0, 1, 262_145, 10_000_000):
        cut = list(bounds(rows))
        assert cut[0][0] == 0
        assert cut[-1][1] == (1 << 64) - 1
        assert all(high + 1 == low for (_, high), (low, _) in pairwise(cut))


def test_an_older_file_without_a_column_is_merged_and_read(tmp_path: Path) -> None:
    """A schema that has grown does not make the past unreadable."""
    rows = [Row("ada", T0, 0, decision("ada", T0, 1))]
    old = table("decisions", rows).drop_columns(["channel"])
    new = table("decisions", [Row("ada", T0 + 1, 1, decision("ada", T0 + 1, 2))])
    (tmp_path / "decisions").mkdir()
    for first, one in enumerate((old, new)):
        pa.parquet.write_table(one, spans.span(tmp_path / "decisions", 0, first, first + 1).path)
    compaction.rewrite(spans.spans(tmp_path / "decisions"), "decisions", {}, 0)
    assert [row["channel"] for row in read_person(tmp_path / "decisions", "ada")] == [None, "email"]


def test_whoever_is_erased_leaves_redis_and_the_files_and_stays_away(tmp_path: Path) -> None:
    """Also if the past is read again; what is decided about them afterwards is about somebody new."""
    notes = Notebook()
    keeper = Archiver(tmp_path, "", notes)
    told = [decision("ada", T0, 1), decision("bea", T0, 2), decision("ada", T0 + 2 * HOUR, 3)]
    archive(keeper, "decisions", [consumed("decisions", one, n) for n, one in enumerate(told[:2])])
    archive(keeper, "profile-changes", [erasure("ada", T0 + HOUR, 0)])
    assert notes.forgotten == [("ada", T0 + HOUR)]
    assert keeper.unclean
    keeper.clean()
    assert ids(tmp_path, "ada") == []
    assert len(ids(tmp_path, "bea")) == 1
    later = opened(tmp_path)
    archive(later, "decisions", [consumed("decisions", told[0], 2), consumed("decisions", told[2], 3)])
    assert ids(tmp_path, "ada") == [f"{3:032x}"]
    whole = b"".join(path.read_bytes() for path in (tmp_path / "profile-changes").iterdir())
    assert b"ada" not in whole


def test_what_is_older_than_the_topic_keeps_it_leaves_the_archive(tmp_path: Path) -> None:
    """Retention is the same on both."""
    keeper = opened(tmp_path)
    told = [decision("ada", T0, 1), decision("ada", T0 + KEEP + 40 * DAY, 2)]
    archive(keeper, "decisions", [consumed("decisions", one, n) for n, one in enumerate(told)])
    keeper.clean()
    assert ids(tmp_path) == [f"{2:032x}"]
    assert opened(tmp_path).next("decisions", 0) == 2


def test_a_file_without_a_row_is_cleaned_merged_and_read(tmp_path: Path) -> None:
    """Heartbeats alone move the offsets, too."""
    keeper = opened(tmp_path)
    for n in range(5):
        archive(keeper, "sends", [consumed("sends", send("ada", T0), n)._replace(key=b"~tide")])
        keeper.clean()
        keeper.tidy()
    assert opened(tmp_path).next("sends", 0) == 5
    assert read_person(tmp_path / "sends", "ada") == []


def test_what_cannot_be_read_is_left_out_and_heartbeats_are(tmp_path: Path) -> None:
    """A bad record must not stop the archive."""
    keeper = opened(tmp_path)
    good = consumed("sends", send("ada", T0), 2)
    archive(keeper, "sends", [good._replace(offset=0, value=b"?"), good._replace(offset=1, key=b"~tide"), good])
    assert [row["offset"] for row in read_person(tmp_path / "sends", "ada")] == [2]
    assert opened(tmp_path).next("sends", 0) == 3
