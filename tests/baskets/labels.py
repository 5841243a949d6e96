"""What must come out for a list of Segment calls, worked out with the whole story in view and without the rules.

For each change of a cart the deadline follows in closed form from the pauses of the whole visit that come later; no
state is carried from event to event and nothing of the rules is imported.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.baskets.contents import Contents, Moment, in_order
from tests.baskets.diary import Call
from tests.baskets.expected import Decided, Expected, Triggered
from udfs.time import DAY, HOUR, MINUTE, Millis


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers of the shipped campaign and governor, as the specification states them (all ms)."""

    live_from: Millis
    wait: Millis = 10 * MINUTE
    latest: Millis = 4 * HOUR
    activity: str = "site"
    after: Millis = 24 * HOUR
    after_order: Millis = 24 * HOUR
    reentry: Millis = 7 * DAY
    cap: int = 1
    cap_within: Millis = 20 * HOUR
    campaign: str = "cart_abandonment"


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """Something to be decided at `at`; a reminder says when its first mail was."""

    at: Millis
    step: int
    cart: str
    first: Millis = 0


def labels(calls: Iterable[tuple[Millis, Call]], terms: Terms, stop_at: Millis) -> Expected:
    """Every decision and trigger up to and including `stop_at` (ms)."""
    by_person: dict[str, list[tuple[Millis, Call]]] = defaultdict(list)
    for at, call in calls:
        by_person[call.get("userId") or call["anonymousId"]].append((at, call))
    decided: list[Decided] = []
    triggered: list[Triggered] = []
    for person, theirs in by_person.items():
        story = Story(person, in_order(theirs), terms)
        decided += story.decisions(stop_at)
        triggered += [story.trigger(told) for told in story.sent]
    return Expected(frozenset(decided), frozenset(triggered))


class Story:
    """All that one person did, with what follows from it."""

    def __init__(self, person: str, moments: Sequence[Moment], terms: Terms) -> None:
        self.person, self.moments, self.terms = person, moments, terms
        self.times = [moment.at for moment in moments]
        self.purchases = [moment.at for moment in moments if moment.is_purchase]
        carts = {moment.cart for moment in moments if moment.sort == "cart"}
        self.carts = {str(cart): Contents(str(cart), moments) for cart in carts}
        self.sent: list[Decided] = []

    def abandoned(self) -> list[Due]:
        """Every instant at which a cart is abandoned."""
        return [
            Due(deadline, 1, cart)
            for cart, contents in self.carts.items()
            for position in contents.changes
            if contents.at(position)
            for deadline in [self._deadline(cart, position)]
            if not self._disturbed(contents, position, deadline)
        ]

    def _deadline(self, cart: str, change: int) -> Millis:
        """`wait` after the first pause longer than `wait` that follows the change, but not beyond `latest`."""
        signs = self._signs_of_life(cart)
        at = bisect_right(signs, self.times[change]) - 1
        while at + 1 < len(signs) and signs[at + 1] - signs[at] <= self.terms.wait:
            at += 1
        return min(signs[at] + self.terms.wait, self.times[change] + self.terms.latest)

    def _signs_of_life(self, cart: str) -> list[Millis]:
        if self.terms.activity == "site":
            return [moment.at for moment in self.moments if moment.sort in ("click", "cart")]
        return [moment.at for moment in self.moments if moment.sort == "cart" and moment.cart == cart]

    def _disturbed(self, contents: Contents, change: int, deadline: Millis) -> bool:
        """A later change restarts the spell, an empty cart ends it; both count at the deadline itself."""
        later = sorted({*contents.changes, *contents.emptied})
        nearest = later[bisect_right(later, change) :][:1]
        return any(self.times[position] <= deadline for position in nearest)

    def decisions(self, stop_at: Millis) -> list[Decided]:
        """What is decided on each of them, and on the reminders of those that were sent."""
        agenda = sorted(self.abandoned())
        decided: list[Decided] = []
        for due in agenda:  # grows by the reminders, which always lie ahead
            if due.at > stop_at:
                break
            outcome, reason = self._decide(due)
            decided.append(Decided(self.terms.campaign, due.step, self.person, due.cart, due.at, outcome, reason))
            if outcome == "send":
                self.sent.append(decided[-1])
                if due.step == 1:
                    insort(agenda, Due(due.at + self.terms.after, 2, due.cart, due.at))
        return decided

    def _decide(self, due: Due) -> tuple[str, str]:
        terms = self.terms
        if due.step == 2 and (over := self._what_ended(due)):
            return "drop", over
        if due.at < terms.live_from:
            return "would_have_sent", "before_live_from"
        mails = [mail.at for mail in self.sent]
        if due.step == 1 and _within(mails, due.at, terms.reentry):
            return "drop", "reentry_blocked"
        if not self._agreed(due.at):
            return "drop", "no_consent"
        if _within(self.purchases, due.at, terms.after_order):
            return "drop", "ordered_recently"
        if _within(mails, due.at, terms.cap_within) >= terms.cap:
            return "drop", "capped"
        return "send", "sent"

    def _what_ended(self, due: Due) -> str | None:
        """What first came between the first mail and the reminder, the reminder's instant included."""
        between = range(bisect_right(self.times, due.first), bisect_right(self.times, due.at))
        changes = set(self.carts[due.cart].changes)
        reasons = ("converted" if self.moments[position].is_purchase else "superseded"
                   for position in between
                   if self.moments[position].is_purchase or position in changes)  # fmt: skip
        return next(reasons, None)

    def _agreed(self, at: Millis) -> bool:
        said = [moment.told["consent"] for moment in self.moments
                if moment.at <= at and moment.sort == "identify" and "consent" in moment.told]  # fmt: skip
        return bool(said) and said[-1].get("marketing") is True

    def trigger(self, sent: Decided) -> Triggered:
        """The mail's content: what lies in the cart at its instant."""
        position = bisect_right(self.times, sent.at) - 1
        contents = self.carts[sent.cart_id]
        pieces, prices = contents.at(position), contents.prices_at(position)
        items = frozenset((*product, pieces[product], prices[product]) for product in pieces)
        value = sum(pieces[product] * prices[product] for product in pieces)
        return Triggered(sent.user, sent.cart_id, sent.step, sent.at, value, items)


def _within(moments: Sequence[Millis], at: Millis, length: Millis) -> int:
    """How many lie in (at - length, at]."""
    return bisect_right(moments, at) - bisect_left(moments, at - length + 1)
