"""What a drill did, what it checked and what it measured."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from local_stack.addresses import Addresses

Say = Callable[[str], None]


class DrillError(AssertionError):
    """A drill could not go on: something that must happen did not, within the time that it may take."""


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must hold, and what was found."""

    what: str
    held: bool
    found: str


@dataclass(slots=True)
class Report:
    """Steps are told as they are made; a drill holds if it made a check and all of them held."""

    drill: str
    seed: int
    say: Say
    steps: list[str] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    def tell(self, sentence: str) -> None:
        """A step, with the seconds since the drill began."""
        self.steps.append(sentence)
        self.say(f"  {time.monotonic() - self._began:5.0f} s  {sentence}")

    def check(self, what: str, held: bool, found: str = "") -> None:
        self.checks.append(Check(what, held, found))
        self.say(f"  {'holds' if held else 'FAILS':>7}  {what}{f': {found}' if found else ''}")

    @property
    def held(self) -> bool:
        return bool(self.checks) and all(check.held for check in self.checks)

    def failures(self) -> str:
        """The checks that did not hold, a line each; empty if all did."""
        return "\n".join(f"{check.what}: {check.found}" for check in self.checks if not check.held)

    def as_json(self) -> dict[str, Any]:
        checks = [{"what": check.what, "held": check.held, "found": check.found} for check in self.checks]
        told = {"drill": self.drill, "seed": self.seed, "held": self.held, "steps": self.steps, "checks": checks}
        return {**told, "seconds": round(time.monotonic() - self._began, 1), "figures": self.figures}


@dataclass(frozen=True, slots=True)
class Stage:
    """What a drill is given: a stack that runs, dice, how often to break what it breaks, and whom to tell."""

    addresses: Addresses
    dice: Random
    moments: int
    report: Report


def wait(reached: Callable[[], bool], seconds: float, what: str, every: float = 0.3) -> float:
    """Wait until it is reached; the seconds that it took. DrillError if it takes more than `seconds`."""
    began = time.monotonic()
    while not reached():
        if time.monotonic() - began > seconds:
            raise DrillError(f"{what}: not within {seconds:.0f} s")
        time.sleep(every)
    return time.monotonic() - began
