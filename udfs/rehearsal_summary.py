"""What a rehearsal comes to: answers by reason, volume by hour, caps and quiet hours that were hit, campaigns that
meet."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations
from typing import Any

from udfs.decisions import DEFER, SEND
from udfs.outputs import Decision
from udfs.questions.quiet import QUIET_HOURS
from udfs.time import HOUR, Millis

Row = dict[str, Any]
PUT_OFF, SENT_LATER, NOT_SENT, SKIPPED = "put_off", "sent_later", "not_sent", "skipped"


class Summary:
    """Is told every decision once, in any order, and adds up; `plain` is the same for the same decisions."""

    def __init__(self) -> None:
        self.decisions = 0
        self._answers: Counter[tuple[str, int, str, str]] = Counter()
        self._mails_by_hour: Counter[tuple[str, Millis]] = Counter()
        self._caps: Counter[tuple[str, str]] = Counter()
        self._nights: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._asked: defaultdict[str, set[str]] = defaultdict(set)
        self._mailed: defaultdict[str, set[str]] = defaultdict(set)
        self._mails_to: Counter[str] = Counter()

    def add(self, told: Decision) -> None:
        self.decisions += 1
        self._answers[told.campaign, told.step, told.outcome, told.reason] += 1
        self._asked[told.user_id].add(told.campaign)
        for cap in _full_caps(told):
            self._caps[told.campaign, cap] += 1
        if night := _of_quiet_hours(told):
            self._nights[told.campaign][night] += 1
        if told.outcome == SEND:
            self._mails_by_hour[told.campaign, told.at // HOUR * HOUR] += 1
            self._mailed[told.user_id].add(told.campaign)
            self._mails_to[told.user_id] += 1

    def plain(self) -> Row:
        """Lists of rows, sorted, as they are written to summary.json."""
        return {
            "decisions": self.decisions,
            "people_asked_about": len(self._asked),
            "people_mailed": len(self._mailed),
            "mails": sum(self._mails_to.values()),
            "answers": [
                {"campaign": campaign, "step": step, "outcome": outcome, "reason": reason, "count": count}
                for (campaign, step, outcome, reason), count in sorted(self._answers.items())
            ],
            "mails_by_hour": [
                {"campaign": campaign, "hour": hour, "count": count}
                for (campaign, hour), count in sorted(self._mails_by_hour.items())
            ],
            "busiest_hour": self._busiest(),
            "mails_per_person": [
                {"mails": mails, "people": people} for mails, people in sorted(Counter(self._mails_to.values()).items())
            ],
            "caps_hit": [
                {"campaign": campaign, "cap": cap, "count": count}
                for (campaign, cap), count in sorted(self._caps.items())
            ],
            "quiet_hours": [
                {"campaign": campaign, **{what: told[what] for what in (PUT_OFF, SENT_LATER, NOT_SENT, SKIPPED)}}
                for campaign, told in sorted(self._nights.items())
            ],
            "overlap": self._overlap(),
        }

    def _busiest(self) -> list[Row]:
        """The hour with most mails of each campaign; the earliest of equals."""
        best: dict[str, tuple[int, Millis]] = {}
        for (campaign, hour), count in self._mails_by_hour.items():
            best[campaign] = min(best.get(campaign, (0, 0)), (-count, hour))
        return [{"campaign": name, "hour": hour, "count": -count} for name, (count, hour) in sorted(best.items())]

    def _overlap(self) -> list[Row]:
        """How many people two campaigns wanted, and how many both mailed."""
        wanted, mailed = _pairs(self._asked), _pairs(self._mailed)
        return [
            {"campaigns": list(pair), "wanted_by_both": count, "mailed_by_both": mailed[pair]}
            for pair, count in sorted(wanted.items())
        ]


def _pairs(campaigns_of: dict[str, set[str]]) -> Counter[tuple[str, str]]:
    groups = Counter(tuple(sorted(names)) for names in campaigns_of.values())
    pairs: Counter[tuple[str, str]] = Counter()
    for names, people in groups.items():
        for pair in combinations(names, 2):
            pairs[pair] += people
    return pairs


def _full_caps(told: Decision) -> list[str]:
    """The caps without room behind an answer `capped`, by the names of their facts: `cap_20h` says `1 of 1`."""
    if told.reason != "capped":
        return []
    return [name for name, used in told.facts.items() if "cap_" in name and _is_full(used)]


def _of_quiet_hours(told: Decision) -> str | None:
    """What quiet hours made of a mail: put off, and then sent or not, or skipped at once; None if nothing."""
    if told.outcome == DEFER:
        return PUT_OFF if told.reason == QUIET_HOURS else None
    if told.facts.get("held_by") == QUIET_HOURS:
        return SENT_LATER if told.outcome == SEND else NOT_SENT
    return SKIPPED if told.reason == QUIET_HOURS else None


def _is_full(used: str) -> bool:
    count, _, most = used.partition(" of ")
    return count.isdigit() and most.isdigit() and int(count) >= int(most)
