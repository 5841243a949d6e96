"""What one tick says of each person: few events are counted one by one, many are grouped as columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from udfs.events import Event
from udfs.time import Millis


class Counted(NamedTuple):
    """Each person of a tick once, a list for each of: id, weight, first and last event, number of events, marks."""

    users: list[str]
    weights: list[int]
    firsts: list[Millis]
    lasts: list[Millis]
    events: list[int]
    marks: list[int]


NOBODY = Counted([], [], [], [], [], [])


@dataclass(frozen=True)
class Measures:
    """What an event counts by its name: a weight (at least 1) and perhaps marks (bits); other names do not count."""

    weights: Mapping[str, int]
    marks: Mapping[str, int]

    def of_events(self, events: Iterable[Event]) -> Counted:
        """Few events, one after another."""
        place: dict[str, int] = {}
        counted = Counted([], [], [], [], [], [])
        users, weights, firsts, lasts, numbers, marks = counted
        for event in events:
            if (weight := self.weights.get(event.name)) is None:
                continue
            user, at, mark = event.user, event.at, self.marks.get(event.name, 0)
            if (known := place.get(user)) is None:
                place[user] = len(users)
                users.append(user)
                weights.append(weight)
                firsts.append(at)
                lasts.append(at)
                numbers.append(1)
                marks.append(mark)
            else:
                weights[known] += weight
                firsts[known] = min(firsts[known], at)
                lasts[known] = max(lasts[known], at)
                numbers[known] += 1
                marks[known] |= mark
        return counted

    def of_columns(self, frame: pl.DataFrame) -> Counted:
        """Many events, in columns user, at, name."""
        names = list(self.weights)
        weight = pl.col("name").replace_strict(names, list(self.weights.values()), default=None, return_dtype=pl.Int64)
        bits = sorted({bit for mark in self.marks.values() for bit in _bits(mark)})
        marked = [(bit, [name for name, mark in self.marks.items() if mark & bit]) for bit in bits]
        grouped = (
            frame.select("user", "at", "name", weight=weight)
            .filter(pl.col("weight").is_not_null())
            .group_by("user")
            .agg(
                pl.col("weight").sum(),
                first=pl.col("at").min(),
                last=pl.col("at").max(),
                events=pl.len().cast(pl.Int64),
                marks=pl.sum_horizontal(
                    pl.lit(0, pl.Int64),
                    *(pl.col("name").is_in(carriers).any().cast(pl.Int64) * bit for bit, carriers in marked),
                ),
            )
        )
        return Counted(*(column.to_list() for column in grouped.get_columns()))


def _bits(mark: int) -> list[int]:
    return [1 << place for place in range(mark.bit_length()) if mark >> place & 1]
