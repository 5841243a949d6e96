"""Which triggers have been answered, read back from `sends`: a trigger is claimed there before its mail goes out."""

from __future__ import annotations

from render_service.sends import BOUNCED, RELEASED, SENT, UNKNOWN, Send
from render_service.versions import Versions
from udfs.outputs import Trigger
from udfs.time import Millis

_MAY_HAVE_ARRIVED = frozenset({SENT, UNKNOWN, BOUNCED})

Entry = tuple[str, int, str]


class Ledger:
    """The last word on each trigger, and when each person last got each step of each campaign."""

    def __init__(self, campaigns: Versions) -> None:
        self._campaigns = campaigns
        self._outcomes: dict[str, str] = {}
        self._mailed: dict[Entry, tuple[Millis, str]] = {}

    def note(self, send: Send) -> None:
        """Take in a record of `sends`, in the order of its partition."""
        entry = (send.campaign, send.step, send.user_id)
        if send.reason == RELEASED:
            self._outcomes.pop(send.trigger_id, None)
            if self._mailed.get(entry, (0, ""))[1] == send.trigger_id:
                del self._mailed[entry]
            return
        self._outcomes[send.trigger_id] = send.outcome
        if send.outcome in _MAY_HAVE_ARRIVED:
            self._mailed[entry] = (send.at, send.trigger_id)

    def knows(self, trigger_id: str) -> bool:
        """Whether the trigger was claimed or answered before."""
        return trigger_id in self._outcomes

    def reenters(self, trigger: Trigger) -> bool:
        """Whether this person got this step of this campaign within its re-entry time, under whatever id.

        `sends` says when the mail went out, which is up to `valid_for` after what re-entry is counted from: that much
        is given, so that nobody is refused whom the job rightly let in.
        """
        last = self._mailed.get((trigger.campaign, trigger.step, trigger.user_id))
        if last is None or (campaign := self._campaigns.of(trigger)) is None:
            return False
        return trigger.at - campaign.reentry < last[0] - campaign.valid_for

    def unknown(self) -> list[str]:
        """Triggers that were claimed and never heard of again: their mail may or may not have gone out."""
        return sorted(trigger for trigger, outcome in self._outcomes.items() if outcome == UNKNOWN)
