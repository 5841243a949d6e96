"""What the campaigns remember of one person: carts, spells, mails sent and due, the last order, consent, reach."""

from __future__ import annotations

import msgspec

from udfs.abandonment import Spells
from udfs.carts import NO_CARTS, Cart, Carts
from udfs.decisions import Entry
from udfs.profile_state import ProfileState
from udfs.reach import ANYHOW, Reach
from udfs.time import DAY, Millis

# Consent outlives every campaign's windows; whoever was not seen for so long is asked again.
PERSON_TTL: Millis = 400 * DAY


class Sent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A message that was decided `send` at `at` (ms), a ghost of the held-out group, or another tool's mail (step 0).

    `trigger` is its id if it is ours; `products` are kept only if the governor asks for them. `carts` are those that it
    showed beside the one it was about.
    """

    campaign: str
    step: int
    at: Millis
    channel: str
    message_class: str
    template: str = ""
    trigger: str = ""
    products: tuple[str, ...] = ()
    carts: tuple[str, ...] = ()


class Due(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A question that is asked at `at`: a later step, or any step that was deferred.

    `exit` (converted or superseded, at `exit_at`) is the first thing that ended it. A deferred one knows its signal's
    instant, how often it was put off, and the last reason. `content` is what its mail shows where that is no cart of
    the person's: an order, or what was looked at. `beside` are the carts that a later step shows beside the entry's.
    """

    entry: Entry
    step: int
    at: Millis
    first_at: Millis
    version: str
    channel: str
    exit: str | None = None
    exit_at: Millis | None = None
    asked_at: Millis | None = None
    deferrals: int = 0
    held_by: str | None = None
    content: Cart | None = None
    beside: tuple[str, ...] = ()


class Person(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The stored state of one person; `consent` is None if nothing was said.

    `seen_at` (ms) is the last event that left a trace: one that would only move it within its day is not noted.
    `profile` is kept only if a campaign names a segment, `viewed` (the last few things) while a campaign waits for it.
    `lists` are those that somebody was put on; `asked` are scheduled sends whose hour has come and would come again.
    """

    user: str
    seen_at: Millis
    consent: bool | None = None
    last_order: Millis | None = None
    carts: Carts = NO_CARTS
    spells: Spells = ()
    dues: tuple[Due, ...] = ()
    sent: tuple[Sent, ...] = ()
    profile: ProfileState | None = None
    reach: Reach = ANYHOW
    viewed: Cart | None = None
    lists: tuple[str, ...] = ()
    asked: tuple[Entry, ...] = ()

    @property
    def blank(self) -> bool:
        """True if there is nothing worth remembering."""
        if self.carts.held or self.consent is not None or self.last_order is not None or self.reach.lasting:
            return False
        return not (self.dues or self.sent or self.profile or self.lists or self.asked)

    @property
    def forget_at(self) -> Millis | None:
        """When consent, suppression and lists are forgotten: `PERSON_TTL` after the last event, rounded up to a day so
        that it seldom moves."""
        if self.consent is None and not self.reach.lasting and not self.lists:
            return None
        return next_midnight(self.seen_at) + PERSON_TTL


def next_midnight(at: Millis) -> Millis:
    return -(-at // DAY) * DAY
