"""What a condition may name, where its value is found, and how it will change by the clock alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from udfs import facts as parts
from udfs import orders as history
from udfs import rfm as grades
from udfs import scores as counts
from udfs.facts import Facts
from udfs.rfm import Rfm
from udfs.scores import Score, ScoreSpec
from udfs.segment_grammar import RESERVED, Name
from udfs.segment_words import ConditionError, did_you_mean
from udfs.time import DAY, Millis, format_length

UNBOUNDED = 2**63

FARTHEST: Millis = 400 * DAY

Scores = Mapping[str, Score]
Course = Iterable[tuple[Millis, int]]
Bounds = Iterable[tuple[Millis, int, int]]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number over a window: `course` is what was seen of it, a lower bound until `known_from` unless `sure`.

    `reaches`, where there is one, tells faster than the course does whether a limit is reached, and until when.
    """

    reads: tuple[str, ...]
    course: Callable[[Facts, Scores, Millis], Course]
    known_from: Millis
    sure: Callable[[Facts], bool] = lambda facts: False
    reaches: Callable[[Facts, Scores, Millis, int], tuple[bool, Millis]] | None = None

    def bounds(self, facts: Facts, scores: Scores, at: Millis) -> Bounds:
        """(since when, at least, at most) at `at` and after every change by the clock alone."""
        known_from, seen = self.known_from, 0
        known = at >= known_from or self.sure(facts)
        for since, amount in self.course(facts, scores, at):
            if not known and since >= known_from:
                known = True
                if since > known_from:
                    yield known_from, seen, seen
            seen = amount
            yield since, seen, seen if known else UNBOUNDED
        if not known:
            yield known_from, seen, seen


@dataclass(frozen=True, slots=True)
class Happening:
    """An instant; the `first` of its kind is the first only if nothing earlier can have gone unseen."""

    reads: tuple[str, ...]
    when: Callable[[Facts], Millis | None]
    first: bool = False


@dataclass(frozen=True, slots=True)
class Saying:
    """A value that only events change; `kind` is number, text, flag or any."""

    reads: tuple[str, ...]
    kind: str
    value: Callable[[Facts], object]


Term = Quantity | Happening | Saying

HAPPENINGS: Mapping[str, Happening] = {
    "first_seen": Happening((parts.SEEN,), lambda facts: facts.seen.first, first=True),
    "last_seen": Happening((parts.SEEN,), lambda facts: facts.seen.last),
    "first_order": Happening((parts.ORDERS,), lambda facts: facts.orders.first, first=True),
    "last_order": Happening((parts.ORDERS,), lambda facts: facts.orders.last),
    "cart_changed": Happening(
        (parts.CARTS,), lambda facts: cart.changed_at if (cart := facts.carts.last_filled) else None
    ),
}

SAYINGS: Mapping[str, Saying] = {
    "orders": Saying((parts.ORDERS,), "number", lambda facts: facts.orders.count),
    "net_revenue": Saying((parts.ORDERS,), "number", lambda facts: facts.orders.revenue),
    "average_order": Saying((parts.ORDERS,), "number", lambda facts: facts.orders.average),
    "currency": Saying((parts.ORDERS,), "text", lambda facts: facts.orders.currency),
    "cart_items": Saying(
        (parts.CARTS,), "number", lambda facts: cart.pieces if (cart := facts.carts.last_filled) else 0
    ),
    "cart_value": Saying(
        (parts.CARTS,), "number", lambda facts: cart.value if (cart := facts.carts.last_filled) else 0
    ),
    "device": Saying((parts.DEVICE,), "text", lambda facts: facts.device.device),
    "country": Saying((parts.DEVICE, parts.TRAITS), "text", parts.country),
    "timezone": Saying((parts.DEVICE, parts.TRAITS), "text", parts.timezone),
    "locale": Saying((parts.DEVICE, parts.TRAITS), "text", parts.locale),
    "loyalty_tier": Saying((parts.TRAITS,), "text", lambda facts: facts.traits.text("loyalty_tier")),
    "suppressed": Saying((parts.TRAITS,), "flag", lambda facts: facts.traits.suppressed is not None),
}

_WINDOWED = {
    "orders": (history.counted, history.count_reaches),
    "net_revenue": (history.earned, history.revenue_reaches),
}
_GRADES = (grades.RECENCY, grades.FREQUENCY, grades.MONETARY)

# What a score cannot be called.
TAKEN = frozenset({*HAPPENINGS, *SAYINGS, *_GRADES, *RESERVED, "trait", "consent"})


@dataclass(frozen=True)
class Vocabulary:
    """The names of a configuration, over a deployment that has seen everything since `history_from` (ms)."""

    scores: Mapping[str, ScoreSpec]
    rfm: Rfm
    history_from: Millis

    def find(self, name: Name) -> Term:
        """What a name means; ConditionError with a hint if it means nothing, or nothing `within` a length."""
        if name.within is not None and name.within > FARTHEST:
            raise ConditionError("a length that reaches too far back", name.column, "A person is kept 400 days.")
        if (term := self._windowed(name)) is not None:
            return term
        if name.text in HAPPENINGS:
            return HAPPENINGS[name.text]
        if name.within is not None:
            hint = f"Only {', '.join([*HAPPENINGS, *_WINDOWED])} take 'within'."
            raise ConditionError(f"{name.text!r} with 'within'", name.column, hint)
        return self._anything(name)

    def _windowed(self, name: Name) -> Quantity | None:
        if name.within is None or name.text not in _WINDOWED:
            return None
        if name.within > history.KEPT:
            hint = f"At most {format_length(history.KEPT)} of orders are kept."
            raise ConditionError("a length that reaches too far back", name.column, hint)
        (sum_up, reaches), window = _WINDOWED[name.text], name.within
        return Quantity(
            (parts.ORDERS,),
            lambda facts, _, at: sum_up(facts.orders, window, at),
            self.history_from + window,
            reaches=lambda facts, _, at, limit: reaches(facts.orders, window, at, limit),
        )

    def _anything(self, name: Name) -> Term:
        text = name.text
        owner, _, rest = text.partition(".")
        if text in SAYINGS:
            return SAYINGS[text]
        if text in _GRADES:
            return self._grade(text)
        if owner in self.scores and bool(rest) == self.scores[owner].by_category:
            return self._score(text, self.scores[owner])
        if owner in ("trait", "consent") and rest:
            return _trait(["consent", *rest.split(".")] if owner == "consent" else rest.split("."))
        raise ConditionError(f"there is no score, fact or trait {text!r}", name.column, self._hint(text))

    def _score(self, key: str, spec: ScoreSpec) -> Quantity:
        return Quantity(
            (score_part(spec.name),),
            lambda facts, scores, at: counts.course(scores.get(key), spec, at),
            spec.known_from(self.history_from),
            reaches=lambda facts, scores, at, limit: counts.reaches(scores.get(key), spec, at, limit),
        )

    def _grade(self, grade: str) -> Quantity:
        rfm = self.rfm
        graded = Quantity(
            (parts.ORDERS,),
            lambda facts, _, at: rfm.course(grade, facts.orders, at),
            self.history_from + rfm.window,
        )
        if grade == grades.RECENCY:
            return replace(graded, sure=lambda facts: facts.orders.last is not None)
        return replace(graded, reaches=lambda facts, _, at, limit: rfm.reaches(grade, facts.orders, at, limit))

    def _hint(self, text: str) -> str:
        owner = text.partition(".")[0]
        if owner in self.scores:
            by_category = self.scores[owner].by_category
            return f"It is kept by category: {owner}.<category>." if by_category else f"Write {owner!r} alone."
        names = [*self.scores, *HAPPENINGS, *SAYINGS, *_GRADES, "trait.NAME", "consent.PURPOSE"]
        return did_you_mean(text, names)


def score_part(name: str) -> str:
    """The part of a person that a condition on this score reads."""
    return f"score {name}"


def _trait(path: list[str]) -> Saying:
    def value(facts: Facts) -> object:
        found: object = facts.traits.raw
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return found

    return Saying((parts.TRAITS,), "any", value)
