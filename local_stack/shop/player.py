"""Plays deliveries: as fast as Kafka takes them, or each at its moment of shop time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from local_stack.shop.arrival import BEAT, Delivery
from local_stack.shop.clock import ShopClock
from local_stack.shop.till import Till

LONGEST_NAP = 0.25

Watch = Callable[[], None]


def play_at_once(till: Till, letters: Iterable[Delivery]) -> None:
    for letter in letters:
        till.take(letter)
    till.flush()


def play_in_time(till: Till, letters: Iterable[Delivery], clock: ShopClock, watch: Watch) -> None:
    """Each letter at its moment; `watch` is called several times a second."""
    for letter in letters:
        wait_until(letter.arrives, clock, watch)
        till.take(letter)
    till.flush()


def beat_on(till: Till, clock: ShopClock, watch: Watch) -> None:
    """Let shop time pass without an end: nothing happens but what others write."""
    at = clock.now()
    while True:
        wait_until(at, clock, watch)
        till.take(Delivery(at))
        at += BEAT


def wait_until(at: int, clock: ShopClock, watch: Watch) -> None:
    while (wait := clock.seconds_until(at)) > 0:
        watch()
        time.sleep(min(wait, LONGEST_NAP))
