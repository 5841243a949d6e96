"""The words of a segment's condition, one by one, each with the column where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

LONGEST = 2_000

_WORD = re.compile(
    r"""\s*(?:
      (?P<length>\d+(?:ms|min|s|h|d)\b)
    | (?P<number>-?\d[\d_]*(?:\.\d+)?\b)
    | (?P<text>"[^"]*"|'[^']*')
    | (?P<name>[A-Za-z_]\w*(?:\.(?:\w+|<\w+>))*)
    | (?P<sign>>=|<=|==|!=|<|>|\(|\)|\[|\]|,)
    )""",
    re.VERBOSE,
)
_INSTEAD = {"=": "==", "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not", "<>": "!="}


class ConditionError(ValueError):
    """A condition that cannot be understood: what is wrong at which column (from 1), and what to write."""

    def __init__(self, problem: str, column: int, hint: str) -> None:
        self.problem = problem
        self.column = column
        self.hint = hint
        super().__init__(f"{problem} at column {column}. {hint}")


@dataclass(frozen=True, slots=True)
class Word:
    """`kind` is length, number, text, name, sign or end; `column` counts from 1."""

    kind: str
    text: str
    column: int

    def __str__(self) -> str:
        return repr(self.text) if self.kind != "end" else "the end"


def words(condition: str) -> Iterator[Word]:
    """Every word of a condition and an end; ConditionError where no word can be read."""
    if len(condition) > LONGEST:
        raise ConditionError(f"the condition has {len(condition)} characters", 1, f"At most {LONGEST} are read.")
    at = 0
    end = len(condition.rstrip())
    while at < end:
        found = _WORD.match(condition, at)
        if found is None or found.lastgroup is None:
            raise _unreadable(condition, at)
        yield Word(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup) + 1)
        at = found.end()
    yield Word("end", "", end + 1)


def _unreadable(condition: str, at: int) -> ConditionError:
    while condition[at].isspace():
        at += 1
    sign = next((sign for sign in sorted(_INSTEAD, key=len, reverse=True) if condition.startswith(sign, at)), None)
    if sign is not None:
        return ConditionError(f"{sign!r} means nothing here", at + 1, f"Write {_INSTEAD[sign]!r}.")
    if condition[at] in "\"'":
        return ConditionError("a text that does not end", at + 1, "Close it with the same quote.")
    if condition[at].isdigit():
        return ConditionError("a number that cannot be read", at + 1, "Numbers are 12 or 12.5, lengths 30d, 10min.")
    return ConditionError(f"{condition[at]!r} means nothing here", at + 1, "See docs/segments.md for the words.")


def did_you_mean(word: str, known: list[str]) -> str:
    """A hint: the nearest known word, else all of them."""
    near = get_close_matches(word, known, 1, 0.6)
    return f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(sorted(known))}."
