"""A condition's tree becomes a function: is it true of this person at this instant, and until when at least?

Truth has three values: True, False and None for unknown. With it comes the next instant at which it may change by the
clock alone, so that absence is noticed exactly, and without an event.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from udfs.facts import Facts
from udfs.scores import NEVER
from udfs.segment_grammar import And, Compared, Holds, Never, Node, Not, Or, Statement, Unknown
from udfs.segment_terms import UNBOUNDED, Happening, Quantity, Saying, Scores, Term, Vocabulary
from udfs.segment_words import ConditionError
from udfs.time import Millis

Truth = bool | None
Answer = tuple[Truth, Millis]
Question = Callable[[Facts, Scores, Millis], Answer]
Reaches = Callable[[Facts, Scores, Millis, int], tuple[bool, Millis]]


@dataclass(frozen=True, slots=True)
class Condition:
    """`ask(facts, scores, at)` answers (truth, next change); it looks at nothing but the parts it `reads`."""

    ask: Question
    reads: frozenset[str]


def compiled(node: Node, vocabulary: Vocabulary) -> Condition:
    """The condition of a tree; ConditionError if it names what does not exist or compares what cannot be."""
    if isinstance(node, Not):
        part = compiled(node.part, vocabulary)
        return Condition(_negated(part.ask), part.reads)
    if isinstance(node, (And, Or)):
        several = [compiled(part, vocabulary) for part in node.parts]
        decisive = isinstance(node, Or)
        reads = frozenset[str]().union(*(part.reads for part in several))
        return Condition(_joined(tuple(part.ask for part in several), decisive), reads)
    term = vocabulary.find(node.name)
    return Condition(_statement(node, term, vocabulary.history_from), frozenset(term.reads))


def _negated(ask: Question) -> Question:
    def answer(facts: Facts, scores: Scores, at: Millis) -> Answer:
        truth, until = ask(facts, scores, at)
        return (None if truth is None else not truth), until

    return answer


def _joined(questions: tuple[Question, ...], decisive: bool) -> Question:
    """`or` (decisive True) and `and` (decisive False): one decisive answer decides, and lasts as long as one does."""

    def answer(facts: Facts, scores: Scores, at: Millis) -> Answer:
        decided_until, open_until, unknown = -1, NEVER, False
        for ask in questions:
            truth, until = ask(facts, scores, at)
            if truth is decisive:
                if until == NEVER:
                    return decisive, NEVER
                decided_until = max(decided_until, until)
            else:
                open_until = min(open_until, until)
                unknown = unknown or truth is None
        if decided_until >= 0:
            return decisive, decided_until
        return (None if unknown else not decisive), open_until

    return answer


def _statement(node: Statement, term: Term, history_from: Millis) -> Question:
    if isinstance(term, Quantity):
        return _of_quantity(node, term)
    if isinstance(term, Happening):
        return _of_happening(node, term, history_from)
    return _of_saying(node, term)


def _of_quantity(node: Statement, term: Quantity) -> Question:
    if isinstance(node, Unknown):
        return _followed(term, lambda least, most: most == UNBOUNDED)
    if isinstance(node, Compared):
        _check_kind(node, "number")
        if term.reaches is not None and node.sign in (">=", ">", "<", "<="):
            return _limited(node, term.reaches, term.known_from)
        return _followed(term, _test(node))
    hint = f"Compare it with a number: {node.name.text} >= 1."
    raise ConditionError(f"{node.name.text!r} is a number and not a condition", node.name.column, hint)


def _limited(node: Compared, reaches: Reaches, known_from: Millis) -> Question:
    """The comparison of a whole number that was seen at least so often: `> 2.5` and `>= 3` are the same."""
    value = node.values[0]
    limit = math.ceil(value) if node.sign in (">=", "<") else math.floor(value) + 1  # type: ignore[arg-type]

    def answer(facts: Facts, scores: Scores, at: Millis) -> Answer:
        truth, until = reaches(facts, scores, at, limit)
        if truth or at >= known_from:
            return truth, until
        return None, min(until, known_from)

    return answer if node.sign in (">=", ">") else _negated(answer)


def _followed(term: Quantity, test: Callable[[int, int], Truth]) -> Question:
    def answer(facts: Facts, scores: Scores, at: Millis) -> Answer:
        course = iter(term.bounds(facts, scores, at))
        _, least, most = next(course)
        truth = test(least, most)
        for since, least, most in course:
            if test(least, most) is not truth:
                return truth, since
        return truth, NEVER

    return answer


def _test(node: Compared) -> Callable[[int, int], Truth]:
    """The comparison of a number that lies between two bounds."""
    if node.sign in ("in", "==", "!="):
        return _equality(node)
    limit, strict = node.values[0], node.sign in (">", "<=")

    def above(least: int, most: int) -> Truth:
        if least > limit or (least == limit and not strict):  # type: ignore[operator]
            return True
        return False if most < limit or (most == limit and strict) else None  # type: ignore[operator]

    if node.sign in (">", ">="):
        return above
    return lambda least, most: None if (truth := above(least, most)) is None else not truth


def _equality(node: Compared) -> Callable[[int, int], Truth]:
    wanted = node.sign != "!="

    def equal(least: int, most: int) -> Truth:
        if least == most:
            return (least in node.values) is wanted
        return None if any(least <= value <= most for value in node.values) else not wanted  # type: ignore[operator]

    return equal


def _of_happening(node: Statement, term: Happening, history_from: Millis) -> Question:
    if isinstance(node, (Never, Unknown)):
        return lambda facts, scores, at: (term.when(facts) is None, NEVER)
    if isinstance(node, Holds) and node.name.within is not None:
        return (
            _first_within(term, node.name.within, history_from)
            if term.first
            else _within(term, node.name.within, history_from)
        )
    hint = f"Write {node.name.text} within 30d, or {node.name.text} never."
    raise ConditionError(f"{node.name.text!r} is an instant", node.name.column, hint)


def _within(term: Happening, length: Millis, history_from: Millis) -> Question:
    known_from = history_from + length

    def answer(facts: Facts, scores: Scores, at: Millis) -> Answer:
        when = term.when(facts)
        if when is not None and when > at - length:
            return True, when + length
        return (False, NEVER) if at >= known_from else (None, known_from)

    return answer


def _first_within(term: Happening, length: Millis, history_from: Millis) -> Question:
    """Before the window lies wholly in what was seen, an earlier first one may have gone unseen."""
    known_from = history_from + length

    def answer(facts: Facts, scores: Scores, at: Millis) -> Answer:
        when = term.when(facts)
        if when is not None and when <= at - length:
            return False, NEVER
        if at < known_from:
            return None, known_from
        return (False, NEVER) if when is None else (True, when + length)

    return answer


def _of_saying(node: Statement, term: Saying) -> Question:
    if isinstance(node, Never):
        raise ConditionError(f"{node.name.text!r} is no instant", node.name.column, "Write 'unknown' for no value.")
    if isinstance(node, Unknown):
        return lambda facts, scores, at: (term.value(facts) is None, NEVER)
    if isinstance(node, Holds):
        if term.kind not in ("flag", "any"):
            hint = f"Compare it: {node.name.text} == {'1' if term.kind == 'number' else repr('...')}."
            raise ConditionError(f"{node.name.text!r} is a {term.kind}", node.name.column, hint)
        return lambda facts, scores, at: (said if isinstance(said := term.value(facts), bool) else None, NEVER)
    _check_kind(node, term.kind)
    told = _comparison(node)
    return lambda facts, scores, at: (told(term.value(facts)), NEVER)


def _comparison(node: Compared) -> Callable[[object], Truth]:
    """The comparison of a value said: unknown if there is none, or none of the same kind."""
    if node.sign in ("in", "==", "!="):
        wanted = node.sign != "!="
        kinds = {_kind(value) for value in node.values}
        return lambda said: ((said in node.values) is wanted) if _kind(said) in kinds else None
    test, kind = _test(node), _kind(node.values[0])
    return lambda said: test(said, said) if _kind(said) == kind else None  # type: ignore[arg-type]


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, (int, float)):
        return "number"
    return "text" if isinstance(value, str) else "none"


def _check_kind(node: Compared, kind: str) -> None:
    for value in node.values:
        if kind != "any" and _kind(value) != kind:
            hint = f"Compare it with a {kind}, not with {value!r}."
            raise ConditionError(f"{node.name.text!r} is a {kind}", node.name.column, hint)
        if node.sign not in ("in", "==", "!=") and _kind(value) == "flag":
            raise ConditionError(f"{value!r} is neither more nor less", node.name.column, "Compare with == or !=.")
