"""What a change of the campaigns would have done differently: the same events decided twice, signal by signal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from udfs.decisions import DEFER, SEND
from udfs.outputs import Decision
from udfs.time import Millis

NO_MORE = "mailed_no_more"
NEWLY = "newly_mailed"
OTHER_TIME = "mailed_at_another_time"
OTHER_ANSWER = "another_answer"


@dataclass(frozen=True, slots=True)
class End:
    """How a signal ended; a signal that was still put off at the end of the run ends as that."""

    at: Millis
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Change:
    """A signal that ends otherwise; None where it was not there at all."""

    user: str
    campaign: str
    step: int
    before: End | None
    now: End | None

    @property
    def kind(self) -> str:
        was, is_now = (end is not None and end.outcome == SEND for end in (self.before, self.now))
        if was != is_now:
            return NO_MORE if was else NEWLY
        return OTHER_TIME if was else OTHER_ANSWER

    @property
    def at(self) -> Millis:
        return min(end.at for end in (self.before, self.now) if end is not None)


def changes(old: Iterable[Decision], new: Iterable[Decision]) -> list[Change]:
    """Person by person, each by time; signals that end alike are left out."""
    before, now = _ends(old), _ends(new)
    found = [
        Change(*signal[1:], before.get(signal), now.get(signal))
        for signal in before.keys() | now.keys()
        if before.get(signal) != now.get(signal)
    ]
    return sorted(found, key=lambda one: (one.user, one.at, one.campaign, one.step))


def counted(found: Iterable[Change]) -> list[tuple[str, int, str, int]]:
    """(campaign, step, kind, count), sorted."""
    counts = Counter((one.campaign, one.step, one.kind) for one in found)
    return [(*key, count) for key, count in sorted(counts.items())]


Signal = tuple[str, str, str, int]


def _ends(decisions: Iterable[Decision]) -> dict[Signal, End]:
    """The last word on every signal; a deferral is one only if nothing follows it."""
    ends: dict[Signal, End] = {}
    for told in decisions:
        signal = (told.signal_id, told.user_id, told.campaign, told.step)
        if told.outcome != DEFER or signal not in ends or ends[signal].outcome == DEFER:
            ends[signal] = End(told.at, told.outcome, told.reason)
    return ends
