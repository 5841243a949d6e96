"""What may be done to campaigns is written as a record of `campaigns`; what may not be, or changes nothing, is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import typer

from cli import campaign_news, exits
from cli.campaign_list import Row, _cells, rows_of
from cli.campaign_news import Outcome, Wish, carry_out
from cli.campaign_standing import Standing
from cli.published_log import read_published
from connectors.news_lines import LineError, read_lines
from connectors.settings import Settings
from connectors.wire import Record, encode
from render_service.versions import Versions
from tests.unit.customer import NOON, campaign_text, config
from tests.unit.mail_makers import trigger
from tests.unit.test_published import NAME, published, said, text, version_of
from udfs.campaigns import Campaign
from udfs.news import News
from udfs.published import Published
from udfs.time import HOUR, Millis

DRAFT = 'name = "tomorrow"\nstate = "draft"\n[signal]\ntype = "subscribed"\n[[steps]]\ntemplate = "welcome"'
OTHER = text("priority = 9")

Do = Callable[..., tuple[Outcome, list[Record]]]


def stands(*news: News, now: Millis | None = NOON) -> Standing:
    """As after these news, over the shipped campaign in short and a draft."""
    files = config(text().decode(), DRAFT)
    known = Published(files.without_drafts())
    for one in news:
        known.learn(one)
    return Standing(files, known, news, (), now)


@pytest.fixture
def do(monkeypatch: pytest.MonkeyPatch) -> Do:
    """Carry wishes out where campaigns stand so; the outcome, and the records that were written."""

    def done(standing: Standing, *wishes: Wish, since: Millis | None = None, write: bool = True) -> Any:
        written: list[Record] = []
        monkeypatch.setattr(campaign_news, "standing", lambda settings, folder: standing)
        monkeypatch.setattr(campaign_news, "tell", lambda kafka, namespace, records: written.extend(records))
        return carry_out(Settings(), Path(), wishes, since, write), written

    return done


def publish(content: bytes = OTHER) -> Wish:
    return Wish(NAME, "publish", content, "mine.toml", version_of(content))


def test_a_version_is_written_with_its_bytes_in_the_time_of_the_inputs(do: Do) -> None:
    """The clock on the wall has no part in it."""
    outcome, written = do(stands(), publish())
    assert written == [
        {
            "name": NAME,
            "action": "publish",
            "content": OTHER,
            "file": "mine.toml",
            "effective_at": None,
            "timestamp": NOON,
        }
    ]
    assert [(one.wish.version, one.effective_at, one.note) for one in outcome.done] == [(version_of(OTHER), NOON, None)]
    assert encode("campaigns", written[0])


def test_a_later_instant_is_written_down_and_an_earlier_one_is_now(do: Do) -> None:
    """Nobody changes the past."""
    for since, effective in ((NOON + HOUR, NOON + HOUR), (NOON - HOUR, NOON)):
        outcome, written = do(stands(), publish(), since=since)
        assert (written[0]["effective_at"], outcome.done[0].effective_at) == (since, effective)


def test_a_dry_run_writes_nothing(do: Do) -> None:
    """And says what it would do."""
    outcome, written = do(stands(), publish(), write=False)
    assert (len(outcome.done), written) == (1, [])


def test_what_is_so_already_is_not_written_again(do: Do) -> None:
    """Unless something else is to come."""
    assert do(stands(), publish(text()))[0].unchanged == (f"{NAME}: this version is in force already",)
    assert do(stands(said("pause", NOON - 1)), Wish(NAME, "pause"))[0].unchanged == (f"{NAME} is paused already",)
    coming = stands(published(OTHER, NOON, since=NOON + HOUR))
    assert len(do(coming, publish(text()))[1]) == 1


def test_whoever_publishes_what_is_paused_is_told_that_it_stays_so(do: Do) -> None:
    """Somebody has stopped it for a reason."""
    outcome, _ = do(stands(said("pause", NOON - 1)), publish())
    assert outcome.done[0].note == f"{NAME} is paused and stays so until `campaign resume {NAME}`"


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        (Wish("nobody", "pause"), exits.NOT_FOUND),
        (Wish("tomorrow", "pause"), exits.INPUT),
        (Wish("tomorrow", "publish", DRAFT.encode(), "d.toml", "v"), exits.INPUT),
        (publish(text(more='[audience]\nsegment = "vip"')), exits.INPUT),
    ],
)
def test_what_no_job_would_go_by_is_not_written(do: Do, wish: Wish, code: int) -> None:
    """With all that was asked for beside it."""
    with pytest.raises(typer.Exit) as ended:
        do(stands(), publish(), wish)
    assert ended.value.exit_code == code


def test_where_nothing_was_told_yet_somebody_has_to_say_what_time_it_is(do: Do) -> None:
    """It may become a replay."""
    with pytest.raises(typer.Exit):
        do(stands(now=None), publish())
    _, written = do(stands(now=None), publish(), since=NOON + HOUR)
    assert written[0]["timestamp"] == NOON + HOUR


def test_the_list_tells_what_is_in_force_and_what_the_files_say() -> None:
    """Drafts, versions, those who are under way on an earlier one, and what is to come."""
    news = [
        published(OTHER, NOON - HOUR),
        said("pause", NOON - 1, 1),
        published(text("priority = 3"), NOON, 2, NOON + 1),
    ]
    base, other = version_of(text()), version_of(OTHER)
    cart, draft = rows_of(stands(*news))
    assert cart == Row(NAME, "paused", other, NOON - HOUR, base, (base,), (NOON + 1,))
    assert _cells(cart)[1:3] == ["paused", other]
    assert _cells(cart)[3:] == ["2026-09-30 11:00:00Z, more from 2026-09-30 12:00:00Z on", f"another: {base}"]
    assert (draft.name, draft.state, draft.since, draft.file) == ("tomorrow", "draft", None, draft.version)


def line(record: Record, offset: int = 3) -> bytes:
    """As `./tidemark read campaigns --json` prints it."""
    told = record | {"content": record["content"] and record["content"].decode()}
    place = {"topic": "campaigns", "partition": 0, "offset": offset, "timestamp": record["timestamp"], "key": "k"}
    return json.dumps(place | {"value": told}).encode()


def test_what_read_prints_of_the_topic_is_read_back(do: Do) -> None:
    """For a backtest that sees the versions of then."""
    _, (record,) = do(stands(), publish(), since=NOON + HOUR)
    _, (pause,) = do(stands(), Wish(NAME, "pause"))
    first, second = read_lines([line(record), b"", line(pause, 4)])
    assert first.content == OTHER
    assert (first.at, first.since, first.action, second.action) == (NOON, NOON + HOUR, "publish", "pause")
    assert first.order < second.order


@pytest.mark.parametrize("bad", [b"{", b'{"offset": 1, "timestamp": 2, "value": null}', b'{"value": {"name": "x"}}'])
def test_a_line_of_something_else_is_told_by_its_number(bad: bytes) -> None:
    """Whoever took the wrong file finds out."""
    with pytest.raises(LineError, match="line 1 is not of"):
        list(read_lines([bad]))


def test_what_the_job_refused_is_left_out_of_a_backtest(tmp_path: Path, do: Do) -> None:
    """As it was then."""
    _, (record,) = do(stands(), publish())
    bad = record | {"content": b"name = 3"}
    log = tmp_path / "published.jsonl"
    log.write_bytes(b"\n".join([line(record), line(bad, 4)]))
    files = {"campaigns/c.toml": campaign_text().encode()}
    assert [one.content for one in read_published(log, files)] == [OTHER]


def test_the_render_service_looks_for_versions_that_it_does_not_know() -> None:
    """Once for each; then it goes by the file."""
    of_file, newer = (config(one.decode()).campaigns[NAME] for one in (text(), OTHER))
    asked: list[int] = []

    def read() -> list[Campaign]:
        asked.append(1)
        return [newer]

    versions = Versions({NAME: of_file}, read)
    named = [msgspec.structs.replace(trigger(), campaign=NAME, version=one) for one in (of_file.version, newer.version)]
    assert [versions.of(one) for one in named] == [of_file, newer]
    assert len(asked) == 1
    unknown = msgspec.structs.replace(named[0], version="never")
    assert [versions.of(unknown), versions.of(unknown), len(asked)] == [of_file, of_file, 2]
    assert Versions({}).of(unknown) is None
