"""Lists of people that somebody brought along: the trait `lists` says who is on which, merged name by name."""

from __future__ import annotations

import re
from typing import Any

TRAIT = "lists"
MOST_LISTS = 100  # of one person; the one that was told longest ago goes first
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")


def merged(before: tuple[str, ...], said: Any) -> tuple[str, ...]:
    """The lists somebody is on after `{"spring": true, "autumn": false}`; what is not said stays as it was."""
    if not isinstance(said, dict):
        return before
    on = dict.fromkeys(before)
    for name, yes in said.items():
        if _NAME.fullmatch(name):
            on.pop(name, None)
            if yes is True:
                on[name] = None
    after = tuple(on)[-MOST_LISTS:]
    return before if after == before else after
