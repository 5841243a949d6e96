"""Conditions over a person, read from text into a tree; nothing in a condition is ever executed.

condition   := conjunction ("or" conjunction)*
conjunction := negation ("and" negation)*
negation    := "not" negation | "(" condition ")" | statement
statement   := name ["within" length] [comparison] | name ("never" | "unknown")
comparison  := (">=" | "<=" | ">" | "<" | "==" | "!=") value | "in" "[" value ("," value)* "]"
value       := number | text in quotes | "true" | "false"
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from udfs.segment_words import ConditionError, Word, words
from udfs.time import Millis, parse_length

Value = str | int | float | bool

COMPARISONS = ("in", ">=", "<=", ">", "<", "==", "!=")
DEEPEST = 20
LONGEST_NUMBER = 20

RESERVED = frozenset({"and", "or", "not", "in", "within", "never", "unknown", "true", "false"})


@dataclass(frozen=True, slots=True)
class Name:
    """A score, fact or trait; `within` (ms) looks only so far back."""

    text: str
    within: Millis | None = None
    column: int = field(default=1, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Holds:
    """A name by itself: a flag that is set, or something that happened `within` a length."""

    name: Name


@dataclass(frozen=True, slots=True)
class Compared:
    """`values` has one value, or those in brackets after `in`."""

    name: Name
    sign: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Never:
    """It has not happened in all that the deployment has seen."""

    name: Name


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is no value, or not enough has been seen to tell it."""

    name: Name


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Node, ...]


Statement = Holds | Compared | Never | Unknown
Node = Statement | Not | And | Or


def parse(condition: str) -> Node:
    """The tree of a condition; ConditionError says what is wrong, at which column, and what to write."""
    reader = _Reader(list(words(condition)))
    tree = reader.condition(0)
    left = reader.next
    if left.kind != "end":
        if left.text.lower() in ("and", "or"):
            raise ConditionError(f"{left} means nothing here", left.column, f"Write {left.text.lower()!r}.")
        raise ConditionError(f"{left} after a whole condition", left.column, "Join conditions with 'and' or 'or'.")
    return tree


def names(node: Node) -> Iterator[Name]:
    """Every name in a tree, from left to right."""
    if isinstance(node, (And, Or)):
        for part in node.parts:
            yield from names(part)
    elif isinstance(node, Not):
        yield from names(node.part)
    else:
        yield node.name


class _Reader:
    """Recursive descent over the words; each method reads one rule of the grammar above."""

    def __init__(self, found: list[Word]) -> None:
        self._words = found
        self._at = 0

    @property
    def next(self) -> Word:
        return self._words[self._at]

    def condition(self, depth: int) -> Node:
        parts = [self._conjunction(depth)]
        while self._took("or"):
            parts.append(self._conjunction(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _conjunction(self, depth: int) -> Node:
        parts = [self._negation(depth)]
        while self._took("and"):
            parts.append(self._negation(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negation(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise ConditionError("too many brackets in each other", self.next.column, f"At most {DEEPEST} are read.")
        if self._took("not"):
            return Not(self._negation(depth + 1))
        if self._took("("):
            inner = self.condition(depth + 1)
            self._expect(")", "Close the bracket.")
            return inner
        return self._statement()

    def _statement(self) -> Statement:
        word = self._take("name", "a score, a fact or a trait")
        if word.text in RESERVED:
            raise ConditionError(f"{word} where a name is needed", word.column, "Name a score, a fact or a trait.")
        within = self._length() if self._took("within") else None
        name = Name(word.text, within, word.column)
        if within is None and self._took("never"):
            return Never(name)
        if within is None and self._took("unknown"):
            return Unknown(name)
        return self._comparison(name)

    def _comparison(self, name: Name) -> Statement:
        sign = self.next
        if sign.text in COMPARISONS and sign.kind in ("sign", "name"):
            self._at += 1
            return Compared(name, sign.text, self._list() if sign.text == "in" else (self._value(),))
        if sign.text == "not":
            hint = f"Write 'not {name.text} within ...' or 'not {name.text} in [...]'."
            raise ConditionError("'not' after a name", sign.column, hint)
        return Holds(name)

    def _list(self) -> tuple[Value, ...]:
        self._expect("[", "Write the values in brackets: in [1, 2].")
        values = [self._value()]
        while self._took(","):
            values.append(self._value())
        self._expect("]", "Close the list.")
        return tuple(values)

    def _length(self) -> Millis:
        return parse_length(self._take("length", "a length such as 30d, 12h or 10min").text)

    def _value(self) -> Value:
        word = self.next
        self._at += 1
        if word.kind == "number":
            plain = word.text.replace("_", "")
            if len(plain) > LONGEST_NUMBER:
                raise ConditionError("a number of too many digits", word.column, f"At most {LONGEST_NUMBER} are read.")
            return float(plain) if "." in plain else int(plain)
        if word.kind == "text":
            return word.text[1:-1]
        if word.text in ("true", "false"):
            return word.text == "true"
        hint = (
            f"Put texts in quotes: '{word.text}'." if word.kind == "name" else "Write a number, a text, true or false."
        )
        raise ConditionError(f"{word} where a value is needed", word.column, hint)

    def _took(self, text: str) -> bool:
        if self.next.text != text or self.next.kind not in ("name", "sign"):
            return False
        self._at += 1
        return True

    def _take(self, kind: str, wanted: str) -> Word:
        word = self.next
        if word.kind != kind:
            raise ConditionError(f"{word} where {wanted} is needed", word.column, f"Write {wanted}.")
        self._at += 1
        return word

    def _expect(self, sign: str, hint: str) -> None:
        if not self._took(sign):
            raise ConditionError(f"{self.next} where {sign!r} is needed", self.next.column, hint)
