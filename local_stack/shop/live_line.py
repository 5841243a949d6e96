"""One line that tells how the show goes: refreshed on a terminal, printed now and then elsewhere."""

from __future__ import annotations

import shutil
import sys
import textwrap
import time
from datetime import UTC, datetime

from local_stack.shop.clock import ShopClock
from local_stack.shop.counts import Counts
from local_stack.shop.tally import Tally
from local_stack.shop.till import Till
from udfs.time import Millis

ON_TERMINAL = 1.0  # seconds between two lines
ELSEWHERE = 10.0


def shop_time(at: Millis) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%a %H:%M")


def sentence(events: int, late: int, doubled: int, counts: Counts) -> str:
    """How many of what, and why mails were held back."""
    held = counts.held_back
    why = ", ".join(f"{reason.replace('_', ' ')} {count}" for reason, count in held.most_common())
    return (
        f"{events:,} events ({late:,} late, {doubled:,} doubled, {counts.refused} rejected) · "
        f"{counts.segment_changes:,} segment changes · {counts.signals} signals · {counts.mails} mails · "
        f"{sum(held.values())} held back" + (f" ({why})" if why else "")
    )


class LiveLine:
    """Call it often; it speaks when it is time to. On a terminal it stays in place, in as many rows as it needs."""

    def __init__(self, tally: Tally, till: Till, clock: ShopClock) -> None:
        self._tally, self._till, self._clock = tally, till, clock
        self._terminal = sys.stderr.isatty()
        self._next = 0.0
        self._rows = 1

    def __call__(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + (ON_TERMINAL if self._terminal else ELSEWHERE)
        self._speak(self._clock.now())

    def say(self, text: str) -> None:
        """Something else, which stays; the line goes on below it."""
        sys.stderr.write(f"\n{text}\n" if self._terminal else f"{text}\n")
        self._rows = 1

    def end(self, at: Millis) -> None:
        """The state at `at`, on rows of its own."""
        self._speak(at)
        if self._terminal:
            sys.stderr.write("\n")

    def _speak(self, at: Millis) -> None:
        late, doubled = self._tally.counter("late"), self._tally.counter("duplicates")
        text = f"{shop_time(at)} │ {sentence(self._till.events, late, doubled, self._tally.counts)}"
        if self._terminal:
            rows = textwrap.wrap(text, shutil.get_terminal_size().columns - 1, subsequent_indent=" " * 12)
            sys.stderr.write(_over(self._rows) + "\n".join(rows))
            self._rows = len(rows)
        else:
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()


def _over(rows: int) -> str:
    """Back to the first of the last rows, with everything from there on wiped."""
    return (f"\x1b[{rows - 1}A" if rows > 1 else "") + "\r\x1b[J"
