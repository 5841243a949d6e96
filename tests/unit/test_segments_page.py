"""The page on segments is true: its examples are read, its names are all there are, its grammar is the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.config_files import read_texts
from udfs import segment_grammar
from udfs.profile_config import load
from udfs.segment_grammar import parse
from udfs.segment_terms import HAPPENINGS, SAYINGS, Vocabulary

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "segments.md").read_text("utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
NAMES = [row.split("|") for row in PAGE.splitlines() if row.startswith("| `") and row.count("|") == 4]
SCORES_AND_RFM = {name: text for name, text in read_texts().items() if "/" not in name}


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_segment_on_the_page_is_read(text: str) -> None:
    """Whoever copies one must not be refused."""
    assert len(load({**SCORES_AND_RFM, "segments/example.toml": text}).segments) == 1


def test_the_page_shows_the_shipped_family_and_vip_as_they_are() -> None:
    """What is shipped is the first example that people look at."""
    shipped = load(read_texts())
    shown = load({**SCORES_AND_RFM, "segments/1.toml": EXAMPLES[0], "segments/2.toml": EXAMPLES[1]})
    assert set(shown.segments) < set(shipped.segments)


def test_every_use_in_the_table_of_names_is_a_condition() -> None:
    """The last column is meant to be copied, too."""
    config = load(read_texts())
    vocabulary = Vocabulary(config.scores, config.rfm, 0)
    uses = [use for row in NAMES for use in re.findall(r"`([^`]+)`", row[3]) if " " in use or "consent" in use]
    assert len(uses) > 10
    for use in uses:
        for name in segment_grammar.names(parse(use)):
            vocabulary.find(name)


def test_the_table_names_every_name() -> None:
    """A fact that is not on the page is a fact that nobody uses."""
    told = {name for row in NAMES for name in re.findall(r"`([^`]+)`", row[1])}
    scores = load(read_texts()).scores.values()
    kept = {f"{spec.name}.<category>" if spec.by_category else spec.name for spec in scores}
    grades = {"rfm_recency", "rfm_frequency", "rfm_monetary"}
    assert kept | grades | {*HAPPENINGS, *SAYINGS, "trait.NAME", "consent.PURPOSE"} <= told


def test_the_grammar_on_the_page_is_the_grammar_in_the_code() -> None:
    """Two copies that may not part."""
    lines = [line.strip() for line in (segment_grammar.__doc__ or "").splitlines() if ":=" in line]
    assert lines
    assert all(line in PAGE for line in lines)
