"""What the desk answers to a trigger: a mail, or the reason why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import redis

from connectors.patience import Patience
from connectors.profile_reader import NoProfilesError, Profile, ProfileReader
from render_service.desk import Desk, Workshop
from render_service.ledger import Ledger
from render_service.mail import Mail
from render_service.metrics import Metrics
from render_service.sends import NOT_SENT, SENT, Send, send
from render_service.templates import Templates
from render_service.unsubscribe import UnsubscribeLinks
from render_service.versions import Versions
from tests.unit.mail_makers import AT, SHOP, item, pictures, trigger
from tests.unit.test_render_decisions import CAMPAIGN
from udfs.campaigns import parse_campaign
from udfs.outputs import Trigger

FIELDS = {"trait_email": "ada@example.org", "trait_first_name": "Ada", "consent_marketing": "true"}


class Known:
    """Profiles in memory; `away` is how often the server does not answer first."""

    def __init__(self, fields: dict[str, str] | None, away: int = 0, written: bool = True) -> None:
        self.fields = fields
        self.away = away
        self.written = written

    def tide(self) -> int | None:
        return AT if self.written else None

    def read_profile(self, user: str) -> Profile | None:
        self.away -= 1
        if self.away >= 0:
            raise redis.ConnectionError("refused")
        if not self.written:
            raise NoProfilesError("nobody wrote")
        return None if self.fields is None else Profile(user, AT, self.fields, ())


def desk(
    folder: Path, known: Known, ledger: Ledger | None = None, left: tuple[str, ...] = (), gone: tuple[str, ...] = ()
) -> Desk:
    workshop = Workshop(SHOP, Templates(), pictures(folder), UnsubscribeLinks(b"key", "https://shop.example"))
    patience = Patience(sleep=lambda _: None)
    made = Desk(
        workshop,
        cast(ProfileReader, known),
        ledger or Ledger(Versions({})),
        Metrics(),
        patience,
        left,
        lambda since: {(one, None) for one in gone if since == AT},
    )
    made.tide.wait_for = lambda at: known.tide()  # type: ignore[method-assign]
    return made


def reason(answer: Mail | Send) -> str:
    assert isinstance(answer, Send)
    assert answer.outcome == NOT_SENT
    return answer.reason


def test_a_good_trigger_becomes_a_mail(tmp_path: Path) -> None:
    """To the address of the profile, with a link out that is theirs."""
    made = desk(tmp_path, Known(FIELDS)).weigh(trigger())
    assert isinstance(made, Mail)
    assert made.to == "ada@example.org"
    assert b"List-Unsubscribe: <https://shop.example/unsubscribe?t=" in made.content


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (Known(None), "no_address"),
        (Known(FIELDS, written=False), "no_address"),
        (Known({**FIELDS, "trait_email": "nobody"}), "no_address"),
        (Known({**FIELDS, "consent_marketing": "false"}), "no_consent"),
        (Known({**FIELDS, "last_completed_at": str(AT + 1)}), "converted"),
        (Known({**FIELDS, "suppressed_at": str(AT)}), "suppressed"),
    ],
)
def test_what_the_profile_says_is_the_reason(known: Known, said: str, tmp_path: Path) -> None:
    """From the closed list."""
    assert reason(desk(tmp_path, known).weigh(trigger())) == said


@pytest.mark.parametrize("of", [trigger(template="nothing"), trigger(template="../mail"), trigger(template="")])
def test_a_template_that_fails_is_a_reason(of: Trigger, tmp_path: Path) -> None:
    """The consumer goes on."""
    assert reason(desk(tmp_path, Known(FIELDS)).weigh(of)).startswith("template: there is no template")


def test_a_trigger_without_items_is_a_reason(tmp_path: Path) -> None:
    """A mail about nothing is an error of the template's, not a mail."""
    empty = trigger(item(), items=(), value=0)
    assert reason(desk(tmp_path, Known(FIELDS)).weigh(empty)).startswith("template: cart_left: UndefinedError")


def test_whoever_has_just_unsubscribed_is_left_alone_at_once(tmp_path: Path) -> None:
    """Before the profile knows."""
    assert reason(desk(tmp_path, Known(FIELDS), left=("u_0412",)).weigh(trigger())) == "suppressed"


def test_what_was_sold_out_since_the_decision_is_not_shown(tmp_path: Path) -> None:
    """If nothing is left there is no mail; what was bought is shown whatever the shelves say."""
    two = trigger(item(cart_id="c_7"), item("lt-25", "Storm Lantern", 6400, cart_id="c_7"))
    made = desk(tmp_path, Known(FIELDS), gone=("lt-03",)).weigh(two)
    assert isinstance(made, Mail)
    assert b"Storm Lantern" in made.content
    assert b"Night Ferry" not in made.content
    assert reason(desk(tmp_path, Known(FIELDS), gone=("lt-03", "lt-25")).weigh(two)) == "unavailable_item"
    bought = trigger(template="order_followup", cart_id=None)
    assert isinstance(desk(tmp_path, Known(FIELDS), gone=("lt-03",)).weigh(bought), Mail)


def test_the_same_step_under_another_id_is_refused(tmp_path: Path) -> None:
    """Within the campaign's re-entry time."""
    campaign = parse_campaign(CAMPAIGN, "cart_abandonment.toml")
    ledger = Ledger(Versions({campaign.name: campaign}))
    ledger.note(send(trigger(trigger_id="earlier"), SENT, "sent", AT))
    assert reason(desk(tmp_path, Known(FIELDS), ledger).weigh(trigger())) == "reentry_blocked"


def test_a_redis_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """Down is not 'no address'."""
    assert isinstance(desk(tmp_path, Known(FIELDS, away=7)).weigh(trigger()), Mail)
