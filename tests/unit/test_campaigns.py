"""How a campaign is written, and what its writer is told when it is wrong."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest

from tests.unit.customer import GOVERNOR, ROOT, SHIPPED, campaign_text
from udfs.abandonment import SITE, Abandonment
from udfs.campaigns import CAMPAIGN_KEYS, MailStep, parse_campaign, parse_campaigns
from udfs.config_error import ConfigError
from udfs.governor_config import GOVERNOR_KEYS, Cap, Governor, parse_governor
from udfs.time import DAY, HOUR, MINUTE
from udfs.toml_keys import REQUIRED

DOCS = (ROOT / "docs" / "campaigns.md").read_text("utf-8")


def problem(text: str | bytes) -> ConfigError:
    content = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(ConfigError) as raised:
        parse_campaign(content, "config/campaigns/mine.toml")
    return raised.value


def test_the_shipped_campaign_is_the_one_that_the_specification_describes() -> None:
    """Every default that a person would ask about."""
    shipped = parse_campaign(SHIPPED.read_bytes(), "c.toml")
    assert (shipped.name, shipped.message_class, shipped.channel, shipped.state) == (
        "cart_abandonment",
        "marketing",
        "email",
        "live",
    )
    assert shipped.signal == Abandonment(10 * MINUTE, SITE, 4 * HOUR, merge=HOUR)
    assert shipped.steps == (MailStep("cart_left"), MailStep("cart_reminder", 24 * HOUR))
    assert (shipped.after_order, shipped.reentry) == (24 * HOUR, 7 * DAY)
    assert (shipped.segment, shipped.not_segment, shipped.minimum_value, shipped.cap) == (None, None, 0, None)
    governor = parse_governor(GOVERNOR.read_bytes(), "g.toml")
    assert governor.caps == (Cap(1, 20 * HOUR), Cap(3, 7 * DAY))
    assert governor.quiet
    assert (governor.quiet.hours.begin, governor.quiet.hours.end) == (21 * HOUR, 8 * HOUR)
    assert (governor.quiet.spread, governor.hush, governor.zone) == (HOUR, 2 * HOUR, "UTC")


def test_what_is_left_out_has_the_shipped_campaigns_value() -> None:
    """So the shortest file is a good campaign."""
    short, shipped = parse_campaign(campaign_text().encode(), "c.toml"), parse_campaign(SHIPPED.read_bytes(), "c.toml")
    for field in ("message_class", "channel", "state", "reentry", "valid_for", "signal", "steps", "after_order", "cap"):
        assert getattr(short, field) == getattr(shipped, field)


def test_the_version_is_the_hash_of_the_bytes() -> None:
    """A comment makes another version; the same bytes the same."""
    one, same, other = (parse_campaign(campaign_text(more=more).encode(), "c.toml") for more in ("", "", "# now"))
    assert one.version == same.version != other.version
    assert re.fullmatch("[0-9a-f]{12}", one.version)


@pytest.mark.parametrize(
    ("text", "line", "key", "said"),
    [
        (campaign_text(top='chanel = "email"'), 2, "chanel", "Did you mean channel?"),
        (campaign_text(top='channel = "sms"'), 2, "channel", "'sms' is not one of email"),
        (campaign_text(top='class = "news"'), 2, "class", "marketing, transactional"),
        (campaign_text(top='state = "off"'), 2, "state", "draft, live, paused, ended"),
        (campaign_text(top="reentry = 7"), 2, "reentry", "in quotes with its unit"),
        (campaign_text(top='reentry = "a week"'), 2, "reentry", "such as 10min"),
        (campaign_text(signal='wait = "0min"'), 5, "signal.wait", "longer than nothing"),
        (campaign_text(signal='wait = "5h"'), 5, "signal.wait", "latest is 4h"),
        (campaign_text(signal='latest = "31d"'), 5, "signal.latest", "a cart is forgotten"),
        (campaign_text(signal='activity = "shop"'), 5, "signal.activity", "site, cart"),
        (campaign_text(reminder='"0h"'), 10, "steps.2.after", "longer than nothing"),
        (campaign_text(reminder='"31d"'), 10, "steps.2.after", "a cart is forgotten"),
        (campaign_text(reminder='"1h"\nbefore = 1'), 11, "steps.2.before", "is not a known key"),
        (campaign_text("[audience]\nminimum_value = 12.5"), 12, "audience.minimum_value", "is not a whole number"),
        (campaign_text("[audience]\nminimum_value = true"), 12, "audience.minimum_value", "is not a whole number"),
        (campaign_text('[audience]\nsegment = ""'), 12, "audience.segment", "in quotes"),
        (campaign_text('[cap]\ncount = 0\nwithin = "1d"'), 12, "cap.count", "at least 1"),
        (campaign_text("[cap]\ncount = 1"), None, "cap.within", "is missing"),
        (campaign_text('[[cap]]\ncount = 1\nwithin = "1d"'), 12, "cap.1.count", "Did you mean cap.count?"),
        (campaign_text().replace("[[steps]]", "[steps]", 1).split("[[steps]]")[0], 7, "steps.template", "[[steps]]"),
        ('name = "x"\n[signal]\ntype = "cart_abandoned"', None, "steps", "there is no step"),
        ('[signal]\ntype = "cart_abandoned"', None, "name", "is missing"),
        (campaign_text().replace("cart_abandonment", "cart abandonment"), 1, "name", "letters, digits"),
        (campaign_text().replace('"cart_left"', '"cart_left"\nafter = "1h"'), 8, "steps.1.after", "signal.wait"),
        ("name = x", 1, "", "in quotes"),
        (b"name = '\xff'", None, "", "UTF-8"),
    ],
)
def test_an_error_names_the_file_the_line_the_key_and_what_to_do(
    text: str | bytes, line: int | None, key: str, said: str
) -> None:
    """Nobody should have to read our code to mend a campaign."""
    error = problem(text)
    assert (error.line, error.key) == (line, key)
    assert str(error).startswith("config/campaigns/mine.toml:")
    assert said in str(error)


def test_steps_count_from_the_first_mail_and_each_is_later_than_the_one_before() -> None:
    """Two reminders at one instant are a mistake."""
    later = '[[steps]]\ntemplate = "last"\nafter = "20h"'
    assert "is not later than the step before" in str(problem(campaign_text(more=later)))
    three = parse_campaign(campaign_text(more=later.replace("20h", "3d")).encode(), "c.toml")
    assert [step.after for step in three.steps] == [0, DAY, 3 * DAY]


def test_two_campaigns_may_not_have_one_name() -> None:
    """Their mails would be taken for each other."""
    content = campaign_text().encode()
    with pytest.raises(ConfigError, match=r"b\.toml.*is taken by a\.toml"):
        parse_campaigns({"b.toml": content, "a.toml": content})


def test_the_governor_has_any_number_of_caps_or_none() -> None:
    """And says so if somebody writes one table where a list is meant."""
    caps = '[[cap]]\ncount = 1\nwithin = "20h"\n[[cap]]\ncount = 3\nwithin = "7d"'
    assert parse_governor(caps.encode(), "g.toml").caps == (Cap(1, 20 * HOUR), Cap(3, 7 * DAY))
    assert parse_governor(b"", "g.toml") == Governor()
    with pytest.raises(ConfigError, match=r"g\.toml:2: cap\.count: .*\[\[cap\]\]"):
        parse_governor(b"[cap]\ncount = 1", "g.toml")


def documented(heading: str) -> dict[str, str]:
    """Key and default of each row of the table under a heading of docs/campaigns.md."""
    section = DOCS.split(f"## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]+?) \|", section, re.MULTILINE))


def _default(key: str, keys: Any) -> str:
    default = keys[key].default
    if default is REQUIRED:
        return "needed"
    return "none" if default is None else f"`{default!s}`"


@pytest.mark.parametrize(("heading", "keys"), [("Every key", CAMPAIGN_KEYS), ("The governor", GOVERNOR_KEYS)])
def test_the_page_knows_every_key_and_its_default(heading: str, keys: Any) -> None:
    """No more and no less."""
    assert documented(heading) == {key: _default(key, keys) for key in keys}


def test_the_examples_of_the_page_are_campaigns() -> None:
    """Whoever copies one has a file that is accepted."""
    examples = re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL)
    assert examples
    for example in examples:
        parse = parse_campaign if "name" in tomllib.loads(example) else parse_governor
        assert parse(example.encode(), "example.toml")
