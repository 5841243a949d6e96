"""What `campaign check` says of a file: errors with their place, warnings of what is seldom meant, and a schema."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from cli import exits
from cli.__main__ import command_line
from connectors.config_files import read_config
from udfs.campaign_check import Checked, check
from udfs.campaign_schema import NEEDED, campaign_schema
from udfs.campaigns import CAMPAIGN_KEYS, parse_campaign
from udfs.config_error import ConfigError
from udfs.time import DAY, HOUR
from udfs.toml_keys import read_keys

SHORT = """name = "a"
[signal]
type = "cart_abandoned"
[[steps]]
template = "cart_left"
"""
TEMPLATES = {"cart_left": "Your cart.", "offer": "A discount for you: 10 % off."}
VALUES: tuple[Any, ...] = (
    *("", "x", "x-1", "1x", "10min", "0h", "ten", "1.5h", " 3 d ", "live", "marketing", "email", "hold", "day", "site"),
    *(0, 1, 99, 100, 101, 1000, 1001, -1, 2**63, 1.5, True, [], ["a"], datetime(2026, 12, 1, 8, tzinfo=UTC)),
)


def checked(text: str, governor: str | None = None) -> Checked:
    config = read_config() | ({} if governor is None else {"governor.toml": governor.encode()})
    return check({"a.toml": text.encode()}, config, TEMPLATES)


def warned(text: str, governor: str | None = None) -> list[tuple[int | None, str]]:
    found = checked(text, governor)
    assert found.errors == []
    return [(warning.line, warning.key) for warning in found.warnings]


def test_shipped_campaigns_have_nothing_to_think_about() -> None:
    """An example is copied as it is."""
    files = [str(path) for path in sorted(Path("config/campaigns").glob("*.toml"))]
    ran = CliRunner().invoke(command_line(), ["campaign", "check", *files, "--json"])
    assert (ran.exit_code, json.loads(ran.stdout)) == (exits.OK, {"errors": [], "warnings": []})


def test_a_mistake_is_told_with_file_line_key_and_what_to_write(tmp_path: Path) -> None:
    """Each file's first, and the others are still looked at."""
    (tmp_path / "a.toml").write_text(SHORT.replace("type", "tpye"))
    (tmp_path / "b.toml").write_text(SHORT + '[audience]\nsegment = "vpi"\n')
    (tmp_path / "c.toml").write_text(SHORT.replace('"a"', '"c"'))
    files = [str(tmp_path / name) for name in ("a.toml", "b.toml", "c.toml")]
    ran = CliRunner().invoke(command_line(), ["campaign", "check", *files])
    assert ran.exit_code == exits.INPUT
    assert ran.stdout.splitlines() == [
        f"error: {files[0]}:3: signal.tpye: is not a known key. Did you mean signal.type?",
        f"error: {files[1]}:7: audience.segment: there is no segment 'vpi'. Did you mean 'vip'?",
    ]


def test_two_files_of_one_name_are_an_error() -> None:
    """The second of them is named."""
    found = check({"a.toml": SHORT.encode(), "b.toml": SHORT.encode()}, read_config(), TEMPLATES)
    assert [(error.file, error.line, error.key) for error in found.errors] == [("b.toml", 1, "name")]


def test_a_short_campaign_gives_no_warning() -> None:
    """A warning that is always there is not read."""
    assert warned(SHORT) == []


def test_a_campaign_that_no_cap_holds_is_warned_of() -> None:
    """Unless it has a cap of its own."""
    assert warned(SHORT, "") == [(None, "cap")]
    assert warned(SHORT + '[cap]\ncount = 1\nwithin = "7d"\n', "") == []


def test_no_courtesy_after_an_order_is_warned_of() -> None:
    """Mail after the purchase is what customers complain of first."""
    assert warned(SHORT + '[courtesy]\nafter_order = "0h"\n') == [(7, "courtesy.after_order")]


def test_no_exit_on_an_order_is_warned_of() -> None:
    """Unless the campaign is about the order, or about a subscription, where that is the default."""
    assert warned(SHORT + "[exits]\non_order = false\n") == [(7, "exits.on_order")]
    assert warned(SHORT + "[exits]\non_order = true\n") == []
    after_an_order = SHORT.replace("cart_abandoned", "order_completed").replace("[[", 'wait = "10d"\n[[')
    assert warned(after_an_order + "[exits]\non_order = false\n") == []


def test_an_offer_in_a_transactional_mail_is_warned_of() -> None:
    """By the name of the template or by what it says."""
    owed = SHORT.replace('"a"', '"a"\nclass = "transactional"')
    assert warned(owed) == []
    assert warned(owed.replace("cart_left", "offer")) == [(6, "steps.1.template")]


def test_a_length_beyond_what_is_remembered_is_warned_of() -> None:
    """Nothing can be known for so long."""
    assert warned('reentry = "401d"\n' + SHORT) == [(1, "reentry")]


def test_a_mail_that_expires_while_it_is_held_is_warned_of() -> None:
    """Eleven hours of night and one of spreading."""
    assert warned('valid_for = "11h"\n' + SHORT) == [(1, "valid_for")]
    assert warned('valid_for = "11h"\nquiet_hours = "skip"\n' + SHORT) == []


def test_a_template_that_is_not_there_is_warned_of() -> None:
    """Before the render service misses it."""
    assert warned(SHORT.replace("cart_left", "cart_lef")) == [(5, "steps.1.template")]


NEWS = """name = "news"
[schedule]
at = 2026-12-01T10:00:00
[audience]
list = "spring"
[[steps]]
template = "cart_left"
"""
DECEMBER = 1_796_083_200_000  # 2026-12-01T00:00:00Z


def news_warned(text: str, now: int | None = None) -> list[tuple[str, str]]:
    found = check({"a.toml": text.encode()}, read_config(), TEMPLATES, now)
    assert found.errors == []
    return [(warning.key, warning.problem) for warning in found.warnings]


def test_a_schedule_that_is_past_is_warned_of() -> None:
    """In a part of the world from fourteen hours before on, everywhere from twelve after."""
    ten = DECEMBER + 10 * HOUR
    assert news_warned(NEWS, ten - 14 * HOUR) == []
    assert "in a part of the world" in news_warned(NEWS, ten)[0][1]
    assert "in a part of the world" in news_warned(NEWS, ten + 12 * HOUR)[0][1]
    assert "everywhere" in news_warned(NEWS, ten + 12 * HOUR + 1)[0][1]
    assert news_warned(NEWS.replace("00:00", "00:00Z"), ten) == []
    assert "everywhere" in news_warned(NEWS.replace("00:00", "00:00Z"), ten + 1)[0][1]
    assert "already" in news_warned(NEWS.replace("00:00", '00:00Z\nthrottle = "1h"'), ten + 1)[0][1]
    assert news_warned('state = "draft"\n' + NEWS, ten + DAY) == []


@pytest.mark.parametrize(
    ("schedule", "warns"),
    [
        ("at = 2026-12-01T20:59:59", False),
        ("at = 2026-12-01T21:00:00", True),
        ("at = 2026-12-01T07:59:59", True),
        ("at = 2026-12-01T08:00:00", False),
        ('at = 2026-12-01T20:00:00\nthrottle = "59min"', False),
        ('at = 2026-12-01T20:00:00\nthrottle = "60min"', True),
        ('at = 2026-12-01T08:00:00\nthrottle = "13h"', True),
        ("at = 2026-12-01T21:59:59+01:00", False),  # the shipped governor's zone is UTC
        ("at = 2026-12-01T22:00:00+01:00", True),
    ],
)
def test_a_schedule_that_meets_the_night_is_warned_of(schedule: str, warns: bool) -> None:
    """From 21:00 to before 08:00."""
    text = NEWS.replace("at = 2026-12-01T10:00:00", schedule)
    assert [key for key, _ in news_warned(text)] == (["schedule.at"] if warns else [])
    assert news_warned('quiet_hours = "ignore"\n' + text) == []


def test_a_schedule_before_its_campaign_is_warned_of() -> None:
    """It would only be recorded."""
    assert [key for key, _ in news_warned("live_from = 2026-12-02T00:00:00Z\n" + NEWS)] == ["live_from"]
    assert news_warned("live_from = 2026-11-02T00:00:00Z\n" + NEWS) == []


def test_a_segment_that_people_must_enter_is_looked_up_too() -> None:
    """Like those of the audience."""
    found = checked(SHORT.replace('"cart_abandoned"', '"segment_entered"\nsegment = "lapsin"'))
    assert [(error.key, error.line) for error in found.errors] == [("signal.segment", 4)]


def nested(key: str, value: Any) -> dict[str, Any]:
    """A whole file in which one key has this value."""
    file: dict[str, Any] = {"name": "a", "signal": {"type": "cart_abandoned"}, "steps": [{"template": "t"}]}
    if key.startswith("cap."):
        file["cap"] = {"count": 1}
    if key.startswith("schedule."):
        file["schedule"] = {"at": datetime(2026, 12, 1, 10)}
    if key.startswith("variants[]."):
        file["variants"] = [{"name": "v"}]
    table: Any = file
    *tables, last = key.split(".")
    for part in tables:
        table = table[part.removesuffix("[]")][0] if part.endswith("[]") else table.setdefault(part, {})
    table[last] = value
    return file


def written(table: dict[str, Any], header: str = "") -> str:
    """As TOML."""
    plain = {name: value for name, value in table.items() if not isinstance(value, dict) and not _tables(value)}
    text = "".join(f"{name} = {_spelt(value)}\n" for name, value in plain.items())
    for name, value in table.items():
        path = f"{header}{name}"
        if isinstance(value, dict):
            text += f"[{path}]\n{written(value, f'{path}.')}"
        elif _tables(value):
            text += "".join(f"[[{path}]]\n{written(one, f'{path}.')}" for one in value)
    return text


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _spelt(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else json.dumps(value)


def _as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=lambda moment: moment.isoformat()))


@pytest.mark.parametrize("key", CAMPAIGN_KEYS)
def test_the_schema_takes_what_the_parser_takes(key: str) -> None:
    """Key by key, value by value."""
    validator = Draft202012Validator(campaign_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    for value in VALUES:
        file = nested(key, value)
        if isinstance(value, str if key in ("live_from", "schedule.at") else datetime):
            continue  # an instant is no text in TOML, and nothing but a text in JSON
        try:
            read_keys(written(file).encode(), "a.toml", CAMPAIGN_KEYS)
            taken = True
        except ConfigError:
            taken = False
        assert validator.is_valid(_as_json(file)) == taken, (value, written(file))


@pytest.mark.parametrize("missing", [*NEEDED, "signal"])
def test_what_the_schema_needs_the_parser_needs(missing: str) -> None:
    """And an unknown key is refused by both."""
    file = nested("reentry", "7d")
    validator = Draft202012Validator(campaign_schema())
    assert validator.is_valid(file)
    assert parse_campaign(written(file).encode(), "a.toml")
    del file[missing]
    assert not validator.is_valid(file)
    with pytest.raises(ConfigError):
        parse_campaign(written(file).encode(), "a.toml")
    assert not validator.is_valid(nested("reentyr", "7d"))


def test_the_shipped_campaigns_fit_the_schema() -> None:
    """As an editor would see them."""
    for path in Path("config/campaigns").glob("*.toml"):
        Draft202012Validator(campaign_schema()).validate(_as_json(tomllib.loads(path.read_text("utf-8"))))


def test_the_command_prints_the_schema() -> None:
    """To be put into a file."""
    ran = CliRunner().invoke(command_line(), ["campaign", "schema"])
    assert json.loads(ran.stdout) == campaign_schema()
    assert Draft202012Validator.check_schema(campaign_schema()) is None
