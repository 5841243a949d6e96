"""Decides about one trigger and puts its mail together; it asks Redis, and sends nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Container
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from connectors.patience import Patience
from connectors.profile_reader import NoProfilesError, ProfileReader
from render_service.contents import contents
from render_service.last_look import UNAVAILABLE, reason_not_to, without_sold_out
from render_service.ledger import Ledger
from render_service.mail import Mail, UnsafeMailError, compose
from render_service.metrics import Metrics
from render_service.pictures import Pictures
from render_service.recipient import Recipient, recipient
from render_service.sends import NOT_SENT, Send, send
from render_service.settings import Shop
from render_service.templates import MailTemplateError, Templates
from render_service.unsubscribe import UnsubscribeLinks, Unsubscriber
from udfs.outputs import Trigger
from udfs.sold_out import Product
from udfs.time import Millis

REENTRY_BLOCKED = "reentry_blocked"
TIDE_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every mail is made with."""

    shop: Shop
    templates: Templates
    pictures: Pictures
    links: UnsubscribeLinks


class Tide:
    """How far the profiles have come. A trigger may be ahead of them; then they are given a moment to catch up."""

    def __init__(
        self,
        read: Callable[[], Millis | None],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._read = read
        self._clock = clock
        self._sleep = sleep
        self.now: Millis | None = None
        self._moved_at = clock()

    def look(self) -> Millis | None:
        """The newest that was ever read: heartbeats and outcomes are stamped by it, and must not go back."""
        read = self._read()
        if read is not None and (self.now is None or read > self.now):
            self.now, self._moved_at = read, self._clock()
        return self.now

    def wait_for(self, at: Millis) -> Millis | None:
        """The tide once it has reached `at` (ms), or has stood still so long that waiting is no use."""
        while True:
            read = self._read()
            if read != self.now:
                self.now, self._moved_at = read, self._clock()
            if (read is not None and read >= at) or self._clock() - self._moved_at >= TIDE_PATIENCE_S:
                return read
            self._sleep(0.1)


class Desk:
    """Turns a trigger into a mail, or into the record that says why there is none.

    `left` have just unsubscribed; `sold_out` tells what is sold out since an instant (ms).
    """

    def __init__(
        self,
        workshop: Workshop,
        profiles: ProfileReader,
        ledger: Ledger,
        metrics: Metrics,
        patience: Patience,
        left: Collection[str],
        sold_out: Callable[[Millis], Container[Product]],
    ) -> None:
        self._workshop = workshop
        self._profiles = profiles
        self._ledger = ledger
        self._metrics = metrics
        self._patience = patience
        self._left = left
        self._sold_out = sold_out
        self.tide = Tide(lambda: patience(profiles.tide))

    def weigh(self, trigger: Trigger) -> Mail | Send:
        """Take the last look and render; a template that fails is a reason like any other."""
        tide = self.tide.wait_for(trigger.at)
        to = self._patience(lambda: self._look_up(trigger.user_id))
        reason = reason_not_to(trigger, to, tide)
        if reason is None and self._ledger.reenters(trigger):
            reason = REENTRY_BLOCKED
        shown = without_sold_out(trigger, self._sold_out(trigger.at)) if reason is None else trigger
        if shown is None:
            reason = UNAVAILABLE
        if reason is not None or to is None or shown is None:
            return send(trigger, NOT_SENT, str(reason), tide)
        try:
            with self._metrics.render_seconds.time():
                return self._put_together(shown, to)
        except (MailTemplateError, UnsafeMailError) as error:
            return send(trigger, NOT_SENT, f"template: {error}", tide)

    def _look_up(self, user: str) -> Recipient | None:
        try:
            profile = self._profiles.read_profile(user)
        except NoProfilesError:
            return None
        if profile is None:
            return None
        known = recipient(user, profile.fields)
        return replace(known, suppressed=True) if user in self._left else known

    def _put_together(self, trigger: Trigger, to: Recipient) -> Mail:
        work = self._workshop
        link = work.links.link(Unsubscriber(trigger.user_id, trigger.trigger_id))
        shown = contents(trigger, to, work.shop, work.pictures, link)
        texts = work.templates.render(trigger.template, shown.values)
        return compose(trigger, to, work.shop, texts, shown, datetime.now(UTC))
