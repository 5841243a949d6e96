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
    merge: Millis = HOUR
    campaign: str = "cart_abandonment"


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """Something to be decided at `at`: about what a cart was changed to at `since`, and a reminder says when its first
    mail was."""

    at: Millis
    step: int
    cart: str
    since: Millis
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
        self.shown: dict[Decided, list[str]] = {}
        self.reminded: dict[Due, list[tuple[str, Millis]]] = {}

    def abandoned(self) -> list[Due]:
        """Every instant at which a cart is abandoned."""
        return [
            Due(deadline, 1, cart, self.times[position])
            for cart, contents in self.carts.items()
            for position in contents.changes
            if contents.at(position)
            for deadline in [self._deadline(cart, position)]
            if not self._disturbed(contents, position, deadline)
        ]

    def _deadline(self, cart: str, change: int, known_to: Millis | None = None) -> Millis:
        """`wait` after the first pause longer than `wait` that follows the change, but not beyond `latest`; or as that
        stood at `known_to`."""
        signs = self._signs_of_life(cart)
        signs = signs if known_to is None else signs[: bisect_right(signs, known_to)]
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
            if outcome != "send":
                continue
            beside = self._left_with(due) if due.step == 1 else [cart for cart, _ in self.reminded[due]]
            self.shown[decided[-1]] = beside
            self.sent.append(decided[-1])
            if due.step == 1:
                reminder = Due(due.at + self.terms.after, 2, due.cart, due.since, due.at)
                self.reminded[reminder] = [(cart, due.at) for cart in beside]
                insort(agenda, reminder)
        return decided

    def _left_with(self, due: Due) -> list[str]:
        """The other carts with something in them that nothing has been said of yet, and whose deadline is near."""
        now = bisect_right(self.times, due.at) - 1
        found = []
        for cart, contents in self.carts.items():
            before = [position for position in contents.changes if position <= now]
            if cart == due.cart or not before or not contents.at(now):
                continue
            deadline, since = self._deadline(cart, before[-1], due.at), self.times[before[-1]]
            is_open = (deadline, cart) > (due.at, due.cart)
            if is_open and deadline - due.at < self.terms.merge and not self._has_been_shown(cart, since):
                found.append(cart)
        return found

    def _has_been_shown(self, cart: str, since: Millis) -> bool:
        """By a mail about another cart, as it has been since then."""
        return any(cart in self.shown[mail] and since <= mail.at for mail in self.sent)

    def _joins(self, due: Due) -> bool:
        """Whether a reminder that is still to come takes the cart along."""
        for reminder, beside in self.reminded.items():
            is_near = reminder.first <= due.at < reminder.first + self.terms.merge
            if is_near and reminder > due and not self._what_ended(reminder, due.at):
                beside += [] if due.cart in (reminder.cart, *dict(beside)) else [(due.cart, due.at)]
                return True
        return False

    def _decide(self, due: Due) -> tuple[str, str]:
        terms = self.terms
        if due.step == 2 and (over := self._what_ended(due, due.at)):
            return "drop", over
        if due.at < terms.live_from:
            return "would_have_sent", "before_live_from"
        if due.step == 1 and (self._has_been_shown(due.cart, due.since) or self._joins(due)):
            return "drop", "superseded"
        mails = [mail.at for mail in self.sent]
        if due.step == 1 and _within(mails, due.at, max(terms.reentry, terms.merge)):
            return "drop", "reentry_blocked"
        if not self._agreed(due.at):
            return "drop", "no_consent"
        if _within(self.purchases, due.at, terms.after_order):
            return "drop", "ordered_recently"
        if _within(mails, due.at, terms.cap_within) >= terms.cap:
            return "drop", "capped"
        return "send", "sent"

    def _what_ended(self, due: Due, until: Millis) -> str | None:
        """What first came between the first mail and the reminder, or `until`, that instant included."""
        between = range(bisect_right(self.times, due.first), bisect_right(self.times, until))
        shown = [(due.cart, due.first), *self.reminded[due]]
        changes = {position for cart, since in shown for position in self.carts[cart].changes
                   if self.times[position] > since}  # fmt: skip
        reasons = ("converted" if self.moments[position].is_purchase else "superseded"
                   for position in between
                   if self.moments[position].is_purchase or position in changes)  # fmt: skip
        return next(reasons, None)

    def _agreed(self, at: Millis) -> bool:
        said = [moment.told["consent"] for moment in self.moments
                if moment.at <= at and moment.sort == "identify" and "consent" in moment.told]  # fmt: skip
        return bool(said) and said[-1].get("marketing") is True

    def trigger(self, sent: Decided) -> Triggered:
        """The mail's content: what lies in the carts that it shows, at its instant."""
        position = bisect_right(self.times, sent.at) - 1
        items = set()
        for cart in (sent.cart_id, *self.shown[sent]):
            pieces, prices = self.carts[cart].at(position), self.carts[cart].prices_at(position)
            items |= {(cart, *product, pieces[product], prices[product]) for product in pieces}
        value = sum(pieces * price for *_, pieces, price in items)
        return Triggered(sent.user, sent.cart_id, sent.step, sent.at, value, frozenset(items))


def _within(moments: Sequence[Millis], at: Millis, length: Millis) -> int:
    """How many lie in (at - length, at]."""
    return bisect_right(moments, at) - bisect_left(moments, at - length + 1)
