"""Says who is in which segment at every millisecond by counting all events anew; it shares only the grammar's tree.

The rule under test keeps sums, deadlines and wake-ups; this has none of them, so what both say is true of the words.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from udfs.events import Event, Kind
from udfs.profile_config import ProfileConfig
from udfs.scores import ScoreSpec
from udfs.segment_grammar import And, Compared, Holds, Never, Node, Not, Or, Unknown
from udfs.time import Millis

Truth = bool | None
SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Moment:
    """A person at `clock`, of whom `events` were seen since `history_from`."""

    events: Sequence[Event]
    clock: Millis
    history_from: Millis
    config: ProfileConfig

    def truth(self, node: Node, category: str) -> Truth:
        if isinstance(node, Not):
            inner = self.truth(node.part, category)
            return None if inner is None else not inner
        if isinstance(node, (And, Or)):
            truths = [self.truth(part, category) for part in node.parts]
            decisive = isinstance(node, Or)
            return decisive if decisive in truths else None if None in truths else not decisive
        if isinstance(node, Compared):
            return self._compared(node, node.name.text.replace("<category>", category))
        if isinstance(node, Never):
            return not self._instants(node.name.text)
        if isinstance(node, Unknown):
            return self._unknown(node.name.text)
        return self._holds(node)

    def _holds(self, node: Holds) -> Truth:
        text, length = node.name.text, node.name.within
        if length is None:
            said = self._trait(text)
            return said if isinstance(said, bool) else None
        instants = self._instants(text)
        inside = [at for at in instants if at > self.clock - length]
        seen_enough = self.clock - length >= self.history_from
        if not text.startswith("first_"):
            return True if inside else False if seen_enough else None
        if len(inside) < len(instants):
            return False
        return bool(inside) if seen_enough else None

    def _compared(self, node: Compared, text: str) -> Truth:
        if text.startswith("trait."):
            return self._said(node, self._trait(text))
        if text in ("orders", "net_revenue") and node.name.within is None:
            return self._said(node, self._sum(text, self.clock + 1))
        amount, complete = self._amount(text, node.name.within)
        if complete:
            return self._said(node, amount)
        possible = {self._said(node, amount + more) for more in range(60)}
        return possible.pop() if len(possible) == 1 else None

    def _said(self, node: Compared, said: object) -> Truth:
        if said is None:
            return None
        return said in node.values if node.sign == "in" else bool(SIGNS[node.sign](said, node.values[0]))

    def _unknown(self, text: str) -> bool:
        if text.startswith("trait."):
            return self._trait(text) is None
        return not self._amount(text, None)[1]

    def _amount(self, text: str, length: Millis | None) -> tuple[int, bool]:
        """(what was seen, whether that is all there was)."""
        if length is not None:
            return self._sum(text, length), self.clock - length >= self.history_from
        if text.startswith("rfm_"):
            return self._grade(text)
        name, _, category = text.partition(".")
        spec = self.config.scores[name]
        end = self.clock // spec.slide * spec.slide
        inside = [event for event in self._after_reset(spec) if end - spec.window <= event.at < end]
        return sum(self._weight(event, spec, category) for event in inside), end - spec.window >= self.history_from

    def _after_reset(self, spec: ScoreSpec) -> Sequence[Event]:
        orders = [place for place, event in enumerate(self.events) if event.name == "Order Completed"]
        return self.events[orders[-1] :] if orders and spec.reset_on_order else self.events

    def _weight(self, event: Event, spec: ScoreSpec, category: str) -> int:
        weight = spec.weights.get(event.name, 0)
        return weight if not category or any(line.category == category for line in event.lines or ()) else 0

    def _grade(self, text: str) -> tuple[int, bool]:
        rfm = self.config.rfm
        seen_enough = self.clock - rfm.window >= self.history_from
        if text == "rfm_recency":
            last = max(self._instants("last_order"), default=None)
            if last is None:
                return 0, seen_enough
            age = self.clock - last
            return (0 if age >= rfm.window else 5 - sum(age >= limit for limit in rfm.recency)), True
        if not self._sum("orders", rfm.window):
            return 0, seen_enough
        what, limits = ("orders", rfm.frequency) if text == "rfm_frequency" else ("net_revenue", rfm.monetary)
        return 1 + sum(self._sum(what, rfm.window) >= limit for limit in limits), seen_enough

    def _orders(self) -> Iterable[tuple[Millis, int]]:
        """(when, what is left of it) for every order that stands."""
        for event in self.events:
            if event.name != "Order Completed":
                continue
            back = [other for other in self.events if other.order_id == event.order_id and other is not event]
            left = (event.total or 0) - sum(other.total or 0 for other in back if other.name == "Order Refunded")
            if left > 0 and all(other.name != "Order Cancelled" for other in back):
                yield event.at, left

    def _sum(self, what: str, length: Millis) -> int:
        inside = [left for at, left in self._orders() if at > self.clock - length]
        return len(inside) if what == "orders" else sum(inside)

    def _instants(self, text: str) -> list[Millis]:
        if text.endswith("_order"):
            return [at for at, _ in self._orders()]
        return [
            event.at
            for event in self.events
            if event.kind in (Kind.CLICK, Kind.CART) or event.name == "Order Completed"
        ]

    def _trait(self, text: str) -> object:
        said = None
        for event in self.events:
            said = (event.traits or {}).get(text.removeprefix("trait."), said)
        return said


Changes = list[tuple[Millis, str, str]]


def changes(
    config: ProfileConfig, history_from: Millis, events: Sequence[Event], until: Millis, categories: Sequence[str]
) -> Changes:
    """(when, segment, enter or leave) of one person, looking at every single millisecond."""
    judges = [
        _Judge(config, spec.name.replace("<category>", category), category, spec.enter, spec.leave, spec.stay)
        for spec in config.segments
        for category in (categories if spec.is_family else [""])
    ]
    told: Changes = []
    seen: list[Event] = []
    waiting = sorted(events, key=lambda event: (event.at, event.kind, event.message_id))
    for at in range(min(event.at for event in events), until + 1):
        while waiting and waiting[0].at == at:
            seen.append(waiting.pop(0))
            for judge in judges:
                told += judge.look(Moment(tuple(seen), at - 1, history_from, config), at)
        for judge in judges:
            told += judge.look(Moment(tuple(seen), at, history_from, config), at)
    return told


@dataclass
class _Judge:
    config: ProfileConfig
    name: str
    category: str
    enter: Node
    leave: Node | None
    stay: Millis
    inside: bool = False
    holding: Millis | None = None

    def look(self, moment: Moment, at: Millis) -> Changes:
        enter = moment.truth(self.enter, self.category) is True
        leave = not enter if self.leave is None else moment.truth(self.leave, self.category) is True
        if self.inside:
            if leave:
                self.inside, self.holding = False, None
                return [(at, self.name, "leave")]
            return []
        if not enter or leave:
            self.holding = None
            return []
        self.holding = at if self.holding is None else self.holding
        if self.stay and moment.clock < self.holding + self.stay:
            return []
        self.inside = True
        return [(at, self.name, "enter")]
