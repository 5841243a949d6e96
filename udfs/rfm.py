"""Recency, frequency and monetary value of a person as grades 1 to 5, by thresholds that the shop sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from udfs import orders as history
from udfs.orders import Orders
from udfs.scores import NEVER
from udfs.time import Millis

RECENCY, FREQUENCY, MONETARY = "rfm_recency", "rfm_frequency", "rfm_monetary"


@dataclass(frozen=True, slots=True)
class Rfm:
    """Thresholds between the grades 1 to 5, over the orders of the last `window` ms; without an order all are 0.

    `recency`: the last order is younger than these lengths for 5, 4, 3, 2. `frequency` and `monetary` (minor units):
    at least so many orders, so much net revenue for 2, 3, 4, 5.
    """

    window: Millis
    recency: tuple[Millis, ...]
    frequency: tuple[int, ...]
    monetary: tuple[int, ...]

    def course(self, grade: str, orders: Orders, at: Millis) -> Iterable[tuple[Millis, int]]:
        """(since when, grade) at `at` and after every change by the clock alone."""
        if grade == RECENCY:
            return self._recency(orders.last, at)
        if grade == FREQUENCY:
            return self._graded(self.frequency, history.counted(orders, self.window, at))
        return self._monetary(orders, at)

    def reaches(self, grade: str, orders: Orders, at: Millis, limit: int) -> tuple[bool, Millis]:
        """(whether frequency or monetary value is graded `limit` or better, when the clock alone next changes that)."""
        if not 0 < limit <= 5:
            return limit <= 0, NEVER
        thresholds = self.frequency if grade == FREQUENCY else self.monetary
        least = thresholds[limit - 2] if limit > 1 else 0
        if grade == MONETARY and least > 0:
            return history.revenue_reaches(orders, self.window, at, least)
        return history.count_reaches(orders, self.window, at, max(least, 1))

    def _recency(self, last: Millis | None, at: Millis) -> Iterable[tuple[Millis, int]]:
        if last is None:
            return [(at, 0)]
        ages = (*self.recency, self.window)
        grades = [(last + age, 4 - number) for number, age in enumerate(ages)]
        passed = [grade for since, grade in grades if since <= at]
        return [(at, passed[-1] if passed else 5), *(change for change in grades if change[0] > at)]

    def _monetary(self, orders: Orders, at: Millis) -> Iterable[tuple[Millis, int]]:
        counts = dict(history.counted(orders, self.window, at))
        count = 0
        for since, revenue in history.earned(orders, self.window, at):
            count = counts.get(since, count)
            yield since, 1 + _reached(self.monetary, revenue) if count else 0

    @staticmethod
    def _graded(thresholds: tuple[int, ...], course: Iterable[tuple[Millis, int]]) -> Iterable[tuple[Millis, int]]:
        for since, amount in course:
            yield since, 1 + _reached(thresholds, amount) if amount else 0


def _reached(thresholds: tuple[int, ...], amount: int) -> int:
    return sum(amount >= threshold for threshold in thresholds)
