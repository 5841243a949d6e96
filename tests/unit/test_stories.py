"""The shipped stories hold, every shipped campaign has some, and a story that fails shows where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import exits
from cli.__main__ import command_line
from cli.stories import Played, play, stories_of
from connectors.config_files import read_config
from tests.unit.pages import blocks
from udfs.campaigns import parse_campaign
from udfs.config_error import ConfigError
from udfs.rehearsal_story import Story, read_stories

FILES = read_config()
LEAST = 5


def told(text: str) -> Story:
    return read_stories(text.encode(), "config/stories/cart_abandonment.toml", "cart_abandonment")[0]


def played(when: str, then: str, more: str = "") -> Played:
    story = f'[[story]]\nname = "s"\n{more}\ngiven = [{{ consent = true }}]\nwhen = [{when}]\nthen = [{then}]\n'
    return play(told(story), FILES)


@pytest.mark.parametrize("story", stories_of(FILES), ids=lambda story: f"{Path(story.file).stem}: {story.name}")
def test_shipped_stories_hold(story: Story) -> None:
    """What marketing wrote down is what the rules do."""
    result = play(story, FILES)
    assert result.verdict.holds, "\n" + "\n".join(result.line)


@pytest.mark.parametrize("path", [path for path in FILES if path.startswith("campaigns/")])
def test_every_shipped_campaign_has_its_stories(path: str) -> None:
    """Under its own name, and more than the happy one."""
    name = parse_campaign(FILES[path], path).name
    assert len([story for story in stories_of(FILES) if story.campaigns == (name,)]) >= LEAST


def test_a_story_that_fails_shows_its_time_line_with_the_moment_marked() -> None:
    """What was not expected and what did not come, each where it belongs."""
    result = played('{ at = "0min", add = "teapot" }', '{ at = "9min", outcome = "send" }', 'until = "1h"')
    assert not result.verdict.holds
    assert result.line == [
        "  Sun 2026-10-11 12:00  consent true",
        "  Mon 2026-10-12 12:00  add teapot",
        "> Mon 2026-10-12 12:09  send (sent), step 1   <- expected, and did not come",
        "> Mon 2026-10-12 12:10  send (sent), step 1 of cart_abandonment   <- not expected",
    ]


def test_a_failing_story_ends_the_command_with_a_code(tmp_path: Path) -> None:
    """As the page shows it."""
    shipped = FILES["campaigns/cart_abandonment.toml"].decode().replace('"10min"', '"6min"')
    (tmp_path / "stories").mkdir()
    (tmp_path / "a.toml").write_text(shipped)
    (tmp_path / "stories" / "cart_abandonment.toml").write_bytes(FILES["stories/cart_abandonment.toml"])
    ran = CliRunner().invoke(command_line(), ["campaign", "test", str(tmp_path)])
    assert ran.exit_code == exits.INPUT
    assert f"FAILED {tmp_path}/stories/cart_abandonment.toml: ordered nine minutes later: no mail" in ran.stdout
    as_json = CliRunner().invoke(command_line(), ["campaign", "test", str(tmp_path), "--json"])
    told = {one["name"]: one["holds"] for one in json.loads(as_json.stdout)}
    assert told["ordered nine minutes later: no mail"] is False
    assert told["the cart is emptied: no mail"] is True


def test_the_page_shows_what_a_failing_story_prints() -> None:
    """Word by word."""
    result = played('{ at = "0min", add = "teapot" }', "", 'until = "1h"')
    shown = next(block.text for block in blocks("text") if block.page == "docs/rehearsal.md" and "FAILED" in block.text)
    assert shown.splitlines()[1:] == [f"  {line}" for line in result.line]


def test_a_decision_must_be_expected_once_for_each_time_that_it_comes() -> None:
    """Two mails are not one."""
    ben = '{ at = "0min", consent = true, person = "ben" }, { at = "0min", add = "b", person = "ben" }'
    when = f'{{ at = "0min", add = "a" }}, {ben}'
    one = '{ at = "10min", outcome = "send" }'
    assert not played(when, one, 'until = "1h"').verdict.holds
    assert played(when, f'{one}, {{ at = "10min", outcome = "send", person = "ben" }}', 'until = "1h"').verdict.holds


def test_local_times_are_those_of_the_zone() -> None:
    """Ten in Lisbon is eleven in Madrid."""
    more = 'zone = "Europe/Lisbon"\nstart = 2026-10-12T10:00:00\nuntil = "1h"'
    then = '{ at = 2026-10-12T11:10:00+02:00, outcome = "send" }'
    assert played('{ at = 2026-10-12T10:00:00, add = "a" }', then, more).verdict.holds


MISTAKES = [
    ('{ at = "0min", ad = "teapot" }', "", "story.1.when.1", "must be one of add, consent"),
    ('{ at = "0min", add = "a", order = "a" }', "", "story.1.when.1", "says add and order"),
    ('{ at = "0min", add = "a", colour = "red" }', "", "story.1.when.1", "has colour"),
    ('{ at = "soon", add = "a" }', "", "story.1.when.1.at", "is not a length of time"),
    ('{ at = 9, add = "a" }', "", "story.1.when.1.at", "9 is no time"),
    ('{ at = "0min", add = "a" }', '{ at = "9min" }', "story.1.then.1.outcome", "None is none"),
    ('{ at = "0min", add = "a" }', '{ at = "9min", outcome = "drop" }', "story.1.then.1.reason", "None is none"),
    ('{ at = "0min", add = "a" }', '{ outcome = "send" }', "story.1.then.1.at", "is missing"),
    ('{ at = "0min", add = "a" }', '{ at = "9min", outcome = "send", setp = 2 }', "story.1.then.1.setp", "known key"),
]


@pytest.mark.parametrize(("when", "then", "key", "problem"), MISTAKES, ids=[f"{key}: {p}" for _, _, key, p in MISTAKES])
def test_a_mistake_in_a_story_is_told_with_its_place(when: str, then: str, key: str, problem: str) -> None:
    """Which story, which of its moments, and what is wrong."""
    with pytest.raises(ConfigError, match=problem) as wrong:
        played(when, then)
    assert wrong.value.key == key


def test_a_story_about_a_campaign_that_is_not_there_is_a_mistake() -> None:
    """Else it would hold for ever, as nobody decides anything."""
    with pytest.raises(ConfigError, match="there is no campaign cart_abandonmint"):
        play(read_stories(b'[[story]]\nname = "s"\nwhen = []\nthen = []\n', "f", "cart_abandonmint")[0], FILES)


def test_a_call_that_ingest_would_refuse_is_a_mistake() -> None:
    """A story with a typo in it must not hold by chance."""
    with pytest.raises(ConfigError, match="quantity"):
        played('{ at = "0min", add = "a", quantity = -1 }', "")


def test_no_story_at_all_is_said(tmp_path: Path) -> None:
    """And where one should be."""
    (tmp_path / "a.toml").write_bytes(FILES["campaigns/cart_abandonment.toml"])
    ran = CliRunner().invoke(command_line(), ["campaign", "test", str(tmp_path)])
    assert (ran.exit_code, ran.stderr[:21]) == (exits.INPUT, "There is no story in ")
