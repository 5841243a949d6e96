"""Settings come from TIDEMARK_ variables, and a wrong one is named."""

from __future__ import annotations

import pytest

from connectors.settings import PROFILES, SettingError, Settings, from_environment
from tests.unit.pages import names, tables


def test_the_environment_of_settings_reads_back_as_the_same_settings() -> None:
    """What we hand to a process is what it understands."""
    settings = Settings(kafka="k:1", namespace="shop", bound=120_000, tick=30_000, shards=4)
    assert from_environment(settings.environment()) == settings


def test_what_is_not_set_keeps_its_default() -> None:
    """An empty environment is a valid one."""
    assert from_environment({}) == Settings()


def test_lengths_are_written_as_people_write_them() -> None:
    """200ms, 5s, 1min."""
    assert from_environment({"TIDEMARK_BOUND": "2min", "TIDEMARK_TICK": "200ms"}).bound == 120_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIDEMARK_TICK", "7s"),
        ("TIDEMARK_TICK", "soon"),
        ("TIDEMARK_SHARDS", "0"),
        ("TIDEMARK_SHARDS", "many"),
        ("TIDEMARK_BOUND", "0s"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    """The message says which variable to change."""
    with pytest.raises(SettingError, match=name):
        from_environment({name: value})


@pytest.mark.parametrize("profile", PROFILES)
def test_the_page_says_what_a_profile_sets(profile: str) -> None:
    """And a variable of its own wins over it."""
    row = next(row for row in tables("docs/settings.md", "profile") if names(row[0]) == [profile])
    variables = ("TIDEMARK_BOUND", "TIDEMARK_TICK", "TIDEMARK_SHARDS", "TIDEMARK_CHECKPOINT_INTERVAL")
    said = {variable: names(cell)[0] for variable, cell in zip(variables, row[1:], strict=False)}
    assert from_environment({"TIDEMARK_PROFILE": profile}) == from_environment(said)
    assert from_environment({"TIDEMARK_PROFILE": profile, "TIDEMARK_SHARDS": "7"}).shards == 7


def test_every_profile_is_on_the_page_and_an_unknown_one_is_refused_with_the_known() -> None:
    """Nobody should run for a month with a misspelt profile."""
    assert [names(row[0])[0] for row in tables("docs/settings.md", "profile")] == list(PROFILES)
    with pytest.raises(SettingError, match="TIDEMARK_PROFILE is 'latent': choose default, latency"):
        from_environment({"TIDEMARK_PROFILE": "latent"})
