"""What must hold of the files that say what is known of a person: they are read, or refused with place and hint."""

from __future__ import annotations

import pytest

from connectors.config_files import read_texts
from udfs.config_error import ConfigError
from udfs.events import Event, Kind, Line
from udfs.profile_config import load
from udfs.score_sheet import ScoreSheet
from udfs.time import DAY, HOUR, MINUTE

SHIPPED = read_texts()
SEGMENT = "segments/x.toml"


def changed(file: str, text: str, **others: str) -> dict[str, str]:
    return {**SHIPPED, file: text, **others}


def test_the_shipped_files_say_what_is_shipped() -> None:
    """Four scores and eight segments, as the documentation lists them."""
    config = load(SHIPPED)
    lengths = {name: (spec.window, spec.slide) for name, spec in config.scores.items() if not spec.by_category}
    assert lengths == {
        "engagement_1h": (HOUR, MINUTE),
        "engagement_24h": (DAY, 10 * MINUTE),
        "engagement_7d": (7 * DAY, HOUR),
        "intent_1h": (HOUR, MINUTE),
    }
    assert [name for name, spec in config.scores.items() if spec.reset_on_order] == ["intent_1h"]
    assert {segment.name for segment in config.segments} == {
        "hot",
        "lapsing",
        "vip",
        "new",
        "cart_open",
        "browsing_<category>",
        "rfm_champions",
        "rfm_at_risk",
    }


def test_opened_mails_weigh_nothing() -> None:
    """Until opens by machines are told apart, an open says nothing of a person."""
    assert not [
        spec.name for spec in load(SHIPPED).scores.values() for name in spec.weights if name.startswith("Email")
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            'name = "x"\nenter = "ordrs > 1"',
            ["config/segments/x.toml:2: enter:", "column 1", "mean 'orders'?"],
        ),
        ('name = "x"\nenter = "orders > 1 adn orders < 3"', ["enter", "column 12", "\n    orders > 1 adn"]),
        ('name = "x"', ["'enter' is missing", "Add a line enter"]),
        ('name = "x"\nentr = "orders > 1"', [":2:", "unknown key 'entr'", "Did you mean 'enter'?"]),
        ('name = "x"\nenter = 3', ["3 is not a text"]),
        ('name = "x"\nenter = "orders > 1"\nstay = "soon"', [":3:", "stay", "not a length of time", "10min"]),
        ('name = "x"\nenter = "orders > 1"\nleave = "orders"', [":3:", "leave", "Compare it"]),
        ('name = "Big Spender"\nenter = "orders > 1"', ["no name for a segment", "cart_open"]),
        ('name = "hot"\nenter = "orders > 1"', ["'hot' is taken by 'hot'"]),
        ('name = "browsing_shoes"\nenter = "orders > 1"', ["taken by 'browsing_<category>'"]),
        ('name = "x"\nenter = "views_1h.<category> > 1"', ["enter", "<category>"]),
        ('name = "x_<category>"\nenter = "orders > 1"', ["enter", "<category>"]),
        ('name = "x"\nenter = "orders > 1\n', ["config/segments/x.toml:2:", "no TOML"]),
    ],
)
def test_a_wrong_segment_is_refused_with_file_line_key_and_hint(text: str, says: list[str]) -> None:
    """The person who wrote the file can mend it without reading code."""
    with pytest.raises(ConfigError) as refused:
        load(changed(SEGMENT, text))
    assert [part for part in says if part not in str(refused.value)] == []


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("scores.toml", '[a]\nwindow = "1h"\nslide = "7min"\n[a.weights]', "no multiple of the slide"),
        ("scores.toml", '[a]\nwindow = "1h"\nslide = "1min"\n[a.weights]\nx = 0.5', "whole numbers"),
        ("scores.toml", '[a]\nwindow = "1h"\nslide = "1min"', "'weights' is missing"),
        ("scores.toml", '[a]\nwindow = "1h"\nslide = "0s"\n[a.weights]', "a length of nothing"),
        ("scores.toml", '[a]\nwindow = "500d"\nslide = "1d"\n[a.weights]', "400 days"),
        ("scores.toml", '["a b"]\nwindow = "1h"\nslide = "1min"\n["a b".weights]', "no free name"),
        ("scores.toml", "a = 3", "outside of a table"),
        ("scores.toml", '[orders]\nwindow = "1h"\nslide = "1min"\n[orders.weights]', "no free name"),
        ("rfm.toml", 'window = "365d"\nrecency = ["30d"]', "four thresholds"),
        ("rfm.toml", SHIPPED["rfm.toml"].replace("[2, 3, 5, 8]", "[3, 2, 5, 8]"), "do not rise"),
        ("rfm.toml", SHIPPED["rfm.toml"].replace("[2, 3, 5, 8]", "[2, 3, 5, 8.5]"), "whole numbers"),
        ("rfm.toml", SHIPPED["rfm.toml"].replace('"365d"', '"500d"'), "365d"),
        ("rfm.toml", SHIPPED["rfm.toml"].replace('"240d"', '"365d"'), "beyond the window"),
    ],
)
def test_wrong_scores_and_thresholds_are_refused(file: str, text: str, says: str) -> None:
    """A threshold that can never be reached would only be noticed by nobody being in a segment."""
    with pytest.raises(ConfigError, match=says):
        load(changed(file, text))


def test_a_missing_file_is_named() -> None:
    """Instead of a KeyError."""
    with pytest.raises(ConfigError, match=r"config/rfm\.toml: the file is missing"):
        load({name: text for name, text in SHIPPED.items() if name != "rfm.toml"})


def test_the_version_is_what_the_files_say_and_not_how_they_are_spaced() -> None:
    """A mended comment evaluates nobody anew."""
    spaced = {name: f"# a comment\n{text}\n" for name, text in SHIPPED.items()}
    assert load(spaced).version == load(SHIPPED).version
    other = SHIPPED["segments/vip.toml"].replace("50000", "40000")
    assert load(changed("segments/vip.toml", other)).version != load(SHIPPED).version


def test_only_some_segments_keep_only_what_they_read() -> None:
    """What the campaigns job needs of a person for the segments that it names."""
    hot = load(SHIPPED).only(["hot"])
    assert [segment.name for segment in hot.segments] == ["hot"]
    assert set(hot.scores) == {"intent_1h"}
    assert hot.parts == {"seen"}
    assert not hot.shows_scores
    assert [segment.name for segment in load(SHIPPED).only(["browsing_shoes"]).segments] == ["browsing_<category>"]


def test_a_segment_that_does_not_exist_is_refused_with_a_hint() -> None:
    """A campaign that names no segment would mail nobody."""
    with pytest.raises(KeyError, match="Did you mean 'lapsing'"):
        load(SHIPPED).only(["lapsin"])


def test_a_category_that_nobody_can_be_in_is_refused_with_a_hint() -> None:
    """Categories are written small and without signs in the names of segments."""
    with pytest.raises(KeyError, match="Did you mean 'browsing_home_garden'"):
        load(SHIPPED).only(["browsing_Home & Garden"])


def test_of_a_family_only_the_named_categories_are_kept() -> None:
    """A shop has hundreds of categories, and a campaign means one or two of them."""
    few = load(SHIPPED | {"segments/sale.toml": 'name = "sale"\nenter = "views_1h.sale >= 1"\n'})
    few = few.only(["browsing_shoes", "sale"])
    lines = tuple(Line(name, category=name) for name in ("boots", "sale", "shoes"))
    looked = Event("ada", 0, Kind.CLICK, "Product Viewed", "m1", lines=lines)
    assert set(ScoreSheet(few.scores, few.categories).after({}, looked).scores) == {"views_1h.sale", "views_1h.shoes"}
