"""The last look and the ledger: who gets no mail after all, and which mail is never sent twice."""

from __future__ import annotations

import pytest
from msgspec.structs import replace as with_fields

from render_service.desk import TIDE_PATIENCE_S, Tide
from render_service.last_look import reason_not_to
from render_service.ledger import Ledger
from render_service.recipient import Recipient, recipient
from render_service.sends import BOUNCED, CLAIMED, NOT_SENT, RELEASED, SENT, UNKNOWN, send
from render_service.unsubscribe import UnsubscribeLinks, Unsubscriber
from render_service.versions import Versions
from tests.unit.mail_makers import ADA, AT, trigger
from udfs.campaigns import Campaign, parse_campaign
from udfs.decisions import REASONS
from udfs.outputs import Trigger
from udfs.time import DAY, HOUR

WELCOME = trigger()
CAMPAIGN = b"""
name = "cart_abandonment"
reentry = "7d"
valid_for = "12h"
[signal]
type = "cart_abandoned"
[[steps]]
template = "cart_left"
"""


def ledger(*sends: tuple[Trigger, str, str]) -> Ledger:
    campaign: Campaign = parse_campaign(CAMPAIGN, "cart_abandonment.toml")
    made = Ledger(Versions({campaign.name: campaign}))
    for of, outcome, reason in sends:
        made.note(send(of, outcome, reason, of.at))
    return made


@pytest.mark.parametrize(
    ("of", "to", "tide", "reason"),
    [
        (WELCOME, ADA, AT, None),
        (WELCOME, ADA, None, None),
        (WELCOME, ADA, WELCOME.valid_until, None),
        (WELCOME, ADA, WELCOME.valid_until + 1, "expired"),
        (WELCOME, None, AT, "no_address"),
        (WELCOME, Recipient("u", None, consents=True), AT, "no_address"),
        (WELCOME, Recipient("u", "a@example.org", consents=False), AT, "no_consent"),
        (WELCOME, Recipient("u", "a@example.org", consents=True, suppressed=True), AT, "suppressed"),
        (WELCOME, Recipient("u", "a@example.org", consents=True, last_order=AT + 1), AT, "converted"),
        (WELCOME, Recipient("u", "a@example.org", consents=True, last_order=AT), AT, None),
        (trigger(message_class="transactional"), Recipient("u", "a@example.org", last_order=AT + 1), AT, None),
    ],
)
def test_the_last_look(of: Trigger, to: Recipient | None, tide: int | None, reason: str | None) -> None:
    """What the job could not know yet is seen here; an order at the very instant it had weighed already."""
    assert reason_not_to(of, to, tide) == reason
    assert reason is None or reason in REASONS


def test_a_profile_is_read_as_the_profiles_job_writes_it() -> None:
    """Names and spellings of udfs/profile_view.py."""
    fields = {
        "trait_email": " ada@example.org ",
        "trait_first_name": "Ada",
        "locale": "en-IE",
        "consent_marketing": "true",
        "suppressed_at": "1790000000000",
        "last_completed_at": "1790000000001",
    }
    assert recipient("u", fields) == Recipient(
        "u", "ada@example.org", "Ada", "en-IE", consents=True, suppressed=True, last_order=1_790_000_000_001
    )
    assert recipient("u", {"consent_marketing": "false"}) == Recipient("u")


@pytest.mark.parametrize("outcome", [SENT, NOT_SENT, BOUNCED, UNKNOWN])
def test_an_answered_trigger_is_known_for_ever(outcome: str) -> None:
    """The same trigger twice gives one mail, whatever came of the first."""
    assert ledger((WELCOME, UNKNOWN, CLAIMED), (WELCOME, outcome, "said")).knows(WELCOME.trigger_id)
    assert not ledger().knows(WELCOME.trigger_id)


def test_a_claim_without_an_outcome_is_listed() -> None:
    """A crash between claim and outcome is told, not guessed."""
    other = with_fields(WELCOME, trigger_id="other")
    told = ledger((WELCOME, UNKNOWN, CLAIMED), (other, UNKNOWN, CLAIMED), (other, SENT, "sent"))
    assert told.unknown() == [WELCOME.trigger_id]


def test_a_released_claim_is_none() -> None:
    """The server would not have the mail yet: it is to be tried again, also after a restart."""
    told = ledger((WELCOME, UNKNOWN, CLAIMED), (WELCOME, UNKNOWN, RELEASED))
    assert not told.knows(WELCOME.trigger_id)
    assert told.unknown() == []
    assert not told.reenters(with_fields(WELCOME, trigger_id="other"))


@pytest.mark.parametrize(
    ("later", "blocked"), [(0, True), (6 * DAY, True), (7 * DAY - 13 * HOUR, True), (7 * DAY, False), (8 * DAY, False)]
)
def test_a_step_is_not_sent_twice_within_reentry_under_any_id(later: int, blocked: bool) -> None:
    """A job that lost its state may decide again under other ids; the person must not notice."""
    again = with_fields(WELCOME, trigger_id="another", at=AT + later)
    assert ledger((WELCOME, SENT, "sent")).reenters(again) is blocked


def test_reentry_concerns_the_same_step_person_and_campaign_only() -> None:
    """The reminder follows the first mail, and a mail that never left blocks nothing."""
    sent = ledger((WELCOME, SENT, "sent"))
    for change in ({"step": 2}, {"user_id": "other"}, {"campaign": "other"}):
        assert not sent.reenters(with_fields(WELCOME, trigger_id="another", **change))
    assert not ledger((WELCOME, NOT_SENT, "converted")).reenters(with_fields(WELCOME, trigger_id="another"))


def test_the_record_of_an_outcome_is_the_same_each_time() -> None:
    """Written twice after a crash, it is one."""
    assert send(WELCOME, SENT, "sent", AT + 5) == send(WELCOME, SENT, "sent", AT + 5)
    assert send(WELCOME, SENT, "sent", None).at == AT
    assert send(WELCOME, SENT, "sent", AT - 5).at == AT


def test_the_tide_is_waited_for_only_while_it_moves() -> None:
    """Profiles that lag a moment are waited for; profiles that stand still hold up nobody."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    tide = Tide(lambda: AT if now[0] > 2 else AT - 1, clock=lambda: now[0], sleep=sleep)
    assert tide.wait_for(AT) == AT
    assert 2 < now[0] < 3
    assert tide.wait_for(AT + 1) == AT
    assert now[0] == pytest.approx(2 + TIDE_PATIENCE_S, abs=0.5)
    stood = now[0]
    assert tide.wait_for(AT + 2) == AT
    assert now[0] == stood


def test_only_our_own_unsubscribe_links_are_read() -> None:
    """Nobody unsubscribes somebody else by changing a link."""
    links = UnsubscribeLinks(b"key", "https://shop.example")
    token = links.link(Unsubscriber("u_0412", "t1")).partition("t=")[2]
    assert links.read(token) == Unsubscriber("u_0412", "t1")
    assert UnsubscribeLinks(b"other", "https://shop.example").read(token) is None
    for wrong in ("", ".", token[:-1], "x" + token, token.partition(".")[0], "ä.ö", "e30.e30"):
        assert links.read(wrong) is None
