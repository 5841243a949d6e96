"""The examples in the pages: configuration that parses, calls that are taken, and a story that comes out as told."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime

import pytest

from cli.explain import lines
from cli.retelling import retell
from cli.stories import play
from cli.story import Heard, tell
from connectors.config_files import read_config, read_texts
from connectors.input_events import read_event
from connectors.segment_spec import Parsed, parse
from connectors.settings import Settings
from connectors.topics import kind_of
from connectors.wire import encode
from tests.unit.pages import ROOT, Block, blocks, names, tables
from udfs.campaign_config import campaign_rule
from udfs.campaigns import parse_campaign
from udfs.events import Event
from udfs.governor_config import parse_governor
from udfs.import_map import read_map
from udfs.memory_driver import drive
from udfs.outputs import Decision
from udfs.profile_config import load
from udfs.rehearsal_story import read_stories
from udfs.time import parse_length

EXAMPLE_OF = "cart_abandonment"
EXAMPLE = ROOT / "docs" / "example.jsonl"


def of_page(block: Block) -> str:
    return f"{block.page}: {block.text.strip().splitlines()[0]}"


@pytest.mark.parametrize("block", blocks("toml"), ids=of_page)
def test_configuration_in_the_pages_is_understood(block: Block) -> None:
    """What is copied into a file works there."""
    told = tomllib.loads(block.text)
    if "steps" in told:
        parse_campaign(block.text.encode(), block.page)
    elif "cap" in told and isinstance(told["cap"], list):
        parse_governor(block.text.encode(), block.page)
    elif "event" in told:
        assert read_map(block.text.encode(), block.page).events
    elif "story" in told:
        assert all(
            play(story, read_config()).verdict.holds for story in read_stories(block.text.encode(), "", EXAMPLE_OF)
        )
    elif "enter" in told:
        texts = {file: text for file, text in read_texts().items() if f'name = "{told["name"]}"' not in text}
        assert load({**texts, "segments/example.toml": block.text}).segments
    elif all(isinstance(table, dict) and "weights" in table for table in told.values()):
        assert load({**read_texts(), "scores.toml": read_texts()["scores.toml"] + "\n" + block.text}).scores
    else:
        assert "recency" in told, "a kind of file that this test does not know"
        assert load({**read_texts(), "rfm.toml": block.text}).rfm


@pytest.mark.parametrize("block", blocks("json"), ids=of_page)
def test_calls_in_the_pages_are_taken(block: Block) -> None:
    """Line by line, as `ingest` would."""
    assert all(isinstance(parse(line.encode(), None), Parsed) for line in block.text.splitlines())


def events() -> list[Event]:
    found = []
    for line in EXAMPLE.read_bytes().splitlines():
        call = parse(line, None)
        assert isinstance(call, Parsed), line
        event = read_event(kind_of(call.topic), call.key, encode(call.topic, call.record), call.at, call.at)
        assert isinstance(event, Event), line
        found.append(event)
    return found


def test_the_example_is_in_the_order_of_time() -> None:
    """So that nothing in it is late."""
    times = [event.at for event in events()]
    assert times == sorted(times)


def test_the_example_comes_out_as_the_readme_tells() -> None:
    """The table of the README is what the campaigns decide."""
    stop_at = events()[-1].at + parse_length("48h")
    story = drive(campaign_rule(read_config(), 0, events()[0].at), events(), stop_at)
    decided = sorted(
        (out.at, out.user_id, out.step, out.outcome, out.reason) for out in story.emitted if isinstance(out, Decision)
    )
    told = [(*names(row[0]), row[1], int(row[2]), row[3], row[4]) for row in tables("README.md", "person")]
    assert told == [
        (user, f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}", step, outcome, reason)
        for at, user, step, outcome, reason in decided
    ]
    assert story.duplicates == 1


def test_the_example_is_explained_as_the_readme_says() -> None:
    """The story of one person, word by word."""
    heard = [event for event in events() if event.user == "ben"]
    rule = campaign_rule(read_config(), 0, events()[0].at)
    tide = events()[-1].at - Settings().bound
    told = list(lines("ben", tell(retell(rule, heard, tide), rule.signals, Heard()), 0, 0, tide))
    assert "\n".join(told) + "\n" in [block.text for block in blocks("text") if block.page == "README.md"]


def test_the_readme_counts_the_lines_of_the_example() -> None:
    """A number that is easily forgotten."""
    assert f"is {['eight', 'nine', 'ten'][len(events()) - 8]} lines" in (ROOT / "README.md").read_text(encoding="utf-8")
