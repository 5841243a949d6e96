"""The figures of a campaign from its counts, and how they are written for a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from math import sqrt
from typing import Any

OUTCOMES = {"send": "sent", "drop": "held back", "would_have_sent": "would have sent"}
ENOUGH = 30  # of each group, before a difference is put into numbers


@dataclass(slots=True)
class Followed:
    """People whose five days are over."""

    count: int = 0
    clicked: int = 0
    ordered: int = 0

    @property
    def rate(self) -> float:
        return self.ordered / self.count if self.count else 0.0


@dataclass(slots=True)
class Figures:
    """One campaign: signals that were considered; decisions by outcome and reason; mails by outcome and reason;
    first mails and those held out, and the mails by variant."""

    campaign: str
    considered: int = 0
    decisions: dict[str, dict[str, int]] = field(default_factory=dict)
    mails: dict[str, dict[str, int]] = field(default_factory=dict)
    sent: Followed = field(default_factory=Followed)
    held_out: Followed = field(default_factory=Followed)
    variants: dict[str, Followed] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def figures(counts: Iterable[Mapping[str, Any]]) -> list[Figures]:
    """The rows of campaign_report.add_up, campaign by campaign."""
    found: dict[str, Figures] = {}
    for row in counts:
        _take(found.setdefault(row["campaign"], Figures(row["campaign"])), row)
    return list(found.values())


def _take(one: Figures, row: Mapping[str, Any]) -> None:
    if row["kind"] == "considered":
        one.considered = row["count"]
    elif row["kind"] == "followed":
        groups = [one.held_out if row["outcome"] == "holdout" else one.sent]
        if row["variant"] and row["outcome"] != "holdout":
            groups.append(one.variants.setdefault(row["variant"], Followed()))
        for group in groups:
            group.count += row["count"]
            group.clicked += row["clicked"]
            group.ordered += row["ordered"]
    else:
        table = one.decisions if row["kind"] == "decision" else one.mails
        table.setdefault(row["outcome"], {})[row["reason"] or ""] = row["count"]


def lines(one: Figures) -> Iterator[str]:
    """A campaign as it is printed."""
    yield f"{one.campaign}: considered {one.considered:,}"
    for outcome, name in OUTCOMES.items():
        reasons = one.decisions.get(outcome, {})
        yield f"  {name:<16}{sum(reasons.values()):>9,}{_listed(reasons) if outcome != 'send' else ''}"
    if put_off := one.decisions.get("defer"):
        waiting = one.considered - sum(sum(one.decisions.get(outcome, {}).values()) for outcome in OUTCOMES)
        yield f"  {'put off':<16}{sum(put_off.values()):>9,}{_listed(put_off)}; {waiting:,} wait for their answer"
    for outcome, reasons in sorted(one.mails.items(), reverse=True):
        yield f"  mails {outcome:<10}{sum(reasons.values()):>9,}{_listed(reasons)}"
    yield from _afterwards(one)


def _afterwards(one: Figures) -> Iterator[str]:
    if one.sent.count:
        yield f"  of {one.sent.count:,} first mails, five days on: {_of(one.sent)}"
    for name, group in sorted(one.variants.items()):
        yield f"    variant {name}, {group.count:,}: {_of(group)}"
    if one.held_out.count:
        share = f"{one.held_out.ordered:,} ordered ({one.held_out.rate:.1%})"
        yield f"  of {one.held_out.count:,} held out: {share}; {difference(one.sent, one.held_out)}"


def _of(group: Followed) -> str:
    clicked = group.clicked / group.count
    return f"{group.clicked:,} clicked ({clicked:.1%}), {group.ordered:,} ordered ({group.rate:.1%})"


def difference(sent: Followed, held_out: Followed) -> str:
    """In points, with the normal approximation's 95 % interval; not for a handful of people."""
    if min(sent.count, held_out.count) < ENOUGH:
        return "too few to compare"
    points = 100 * (sent.rate - held_out.rate)
    spread = 196 * sqrt(sum(group.rate * (1 - group.rate) / group.count for group in (sent, held_out)))
    return f"{points:+.1f} points by the mails (95% between {points - spread:+.1f} and {points + spread:+.1f})"


def _listed(reasons: Mapping[str, int]) -> str:
    told = [
        f"{reason} {count:,}" for reason, count in sorted(reasons.items(), key=lambda row: (-row[1], row[0])) if reason
    ]
    return f"  ({', '.join(told)})" if told else ""
