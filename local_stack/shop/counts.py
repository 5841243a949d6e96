"""What the jobs and the render service have said, counted record by record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from udfs.time import Millis

NOT_KNOWN_YET = "unknown"  # the ledger's claim, before a mail is handed over


@dataclass(slots=True)
class Counts:
    """Decisions before `live_from` (ms) are only rehearsed; of a trigger's answers the last one counts."""

    live_from: Millis
    segment_changes: int = 0
    rehearsed: int = 0
    triggers: int = 0
    decided: Counter[tuple[str, str]] = field(default_factory=Counter)
    became: dict[str, tuple[str, str]] = field(default_factory=dict)
    rejected: Counter[str] = field(default_factory=Counter)

    def hear(self, topic: str, told: dict[str, Any]) -> None:
        """A record of an output topic, decoded."""
        if topic == "segment-changes":
            self.segment_changes += 1
        elif topic == "triggers":
            self.triggers += 1
        elif topic == "sends":
            self.became[told["trigger_id"]] = told["outcome"], told["reason"]
        elif topic == "dead-letters":
            self.rejected[told["job"]] += 1
        elif told["at"] < self.live_from:
            self.rehearsed += 1
        else:
            self.decided[told["outcome"], told["reason"]] += 1

    @property
    def signals(self) -> int:
        return sum(list(self.decided.values()))

    @property
    def mails(self) -> int:
        return sum(outcome == "sent" for outcome, _ in list(self.became.values()))

    @property
    def refused(self) -> int:
        """Lines that were no calls, and records that were none; both jobs refuse a record, it counts once."""
        return self.rejected["ingest"] + self.rejected["profiles"]

    @property
    def held_back(self) -> Counter[str]:
        """By reason: dropped by the campaigns, or not sent at the last look."""
        decided = list(self.decided.items())
        dropped = Counter({reason: count for (outcome, reason), count in decided if outcome == "drop"})
        kept = Counter(reason for outcome, reason in list(self.became.values()) if outcome in ("not_sent", "bounced"))
        return dropped + kept

    @property
    def unanswered(self) -> int:
        """Triggers of which nobody knows yet what became."""
        return self.triggers - sum(outcome != NOT_KNOWN_YET for outcome, _ in list(self.became.values()))
