"""From an identify call to a mail's recipient and to the command line: every hand uses the same names."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import exits
from cli.__main__ import command_line
from connectors.config_files import read_config
from connectors.profile_store import ProfileStore
from connectors.shards import shard_of
from local_stack.addresses import ROOT
from render_service.recipient import Recipient, recipient
from tests.unit.valkey import Valkey
from udfs.events import Event, Kind
from udfs.profile_config import load
from udfs.profile_rule import ProfileRule

AT = 1_790_000_000_000
SHARDS = 4


def event(kind: Kind, name: str, at: int, **more: Any) -> Event:
    return Event(user="u_0412", at=at, kind=kind, name=name, message_id=f"m{at}", **more)


def profile(*events: Event) -> dict[str, str]:
    """The fields as Redis gives them back: texts."""
    files = {path: content.decode() for path, content in read_config(ROOT / "config").items()}
    rule = ProfileRule(load(files), 0)
    state = None
    for one in events:
        state = rule.on_event(state, one).state
    assert state is not None
    return {name: str(said) for name, said in rule.view(state).items()}


ADA = {"email": "ada@example.org", "first_name": "Ada", "locale": "en-IE", "consent": {"marketing": True}}


def test_a_recipient_is_what_the_profiles_job_knows() -> None:
    """The render service finds address, name, consent and the last order under the names that the job writes."""
    told = [
        event(Kind.PROFILE, "identify", AT, traits=ADA),
        event(Kind.ORDER, "Order Completed", AT + 1, order_id="o1", total=500, currency="EUR"),
    ]
    known = Recipient("u_0412", "ada@example.org", "Ada", "en-IE", consents=True, last_order=AT + 1)
    assert recipient("u_0412", profile(*told)) == known


@pytest.mark.parametrize("name", ["Unsubscribed", "Email Marked as Spam"])
def test_whoever_unsubscribes_is_seen_as_suppressed(name: str) -> None:
    """Consent once given does not outlive it."""
    told = [event(Kind.PROFILE, "identify", AT, traits=ADA), event(Kind.EMAIL, name, AT + 1)]
    assert recipient("u_0412", profile(*told)).suppressed


@pytest.mark.parametrize("consent", [{"marketing": False}, {}, {"other": True}, None])
def test_only_a_plain_yes_is_consent(consent: dict[str, bool] | None) -> None:
    """No trait, another purpose or a no: nobody is written to."""
    traits = {**ADA, "consent": consent}
    assert not recipient("u_0412", profile(event(Kind.PROFILE, "identify", AT, traits=traits))).consents


@pytest.fixture
def told(server: Valkey, monkeypatch: pytest.MonkeyPatch) -> ProfileStore:
    with server.client() as client:
        client.flushall()
    monkeypatch.setenv("TIDEMARK_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("TIDEMARK_REDIS", server.url)
    store = ProfileStore(server.url, "", SHARDS)
    fields = profile(event(Kind.PROFILE, "identify", AT, traits=ADA))
    store.write_tick(shard_of("u_0412", SHARDS), AT, {"u_0412": fields}, {"u_0412": ("hot", "new")})
    return store


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(command_line(), list(arguments))
    return result.exit_code, result.stdout, result.stderr


def test_user_prints_fields_and_the_instant_they_hold_for(told: ProfileStore) -> None:
    """Data on stdout, talk on stderr."""
    code, out, err = run("user", "u_0412")
    assert code == exits.OK
    assert "as of 2026-09-21 14:13:20 UTC" in err
    lines = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert lines["trait_first_name"] == ["Ada"]
    assert lines["segments"] == ["hot", "new"]
    told.close()


def test_user_as_json(told: ProfileStore) -> None:
    """One object."""
    code, out, _ = run("user", "u_0412", "--json")
    said = json.loads(out)
    assert (code, said["as_of"], said["tide"], said["segments"]) == (exits.OK, AT, AT, ["hot", "new"])
    assert said["fields"]["trait_email"] == "ada@example.org"
    told.close()


def test_segment_lists_or_counts(told: ProfileStore) -> None:
    """An unknown segment is an empty one."""
    assert run("segment", "hot")[1] == "u_0412\n"
    assert run("segment", "hot", "--count")[1] == "1\n"
    assert run("segment", "nothing", "--count")[1] == "0\n"
    said = json.loads(run("segment", "hot", "--json")[1])
    assert said == {"segment": "hot", "as_of": AT, "count": 1, "users": ["u_0412"]}
    told.close()


def test_what_is_not_there_has_an_exit_code_and_a_sentence(
    told: ProfileStore, server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown person, no profiles, no server."""
    code, out, err = run("user", "nobody")
    assert (code, out) == (exits.NOT_FOUND, "")
    assert "Nothing is known of 'nobody'" in err
    with server.client() as client:
        client.flushall()
    code, _, err = run("segment", "hot")
    assert code == exits.NOT_FOUND
    assert "./tidemark submit profiles" in err
    monkeypatch.setenv("TIDEMARK_REDIS", "redis://127.0.0.1:1/0")
    code, _, err = run("user", "u_0412")
    assert code == exits.UNREACHABLE
    assert "does not answer" in err
    told.close()
