"""Which messages a shard has seen within the horizon, so that a redelivered one changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from xxhash import xxh3_64_intdigest

from udfs.events import Event
from udfs.seen_hours import MASKS, Column, SeenHours, pack, unpack
from udfs.time import DAY, HOUR, Millis


class SeenIds:
    """Remembers (person, messageId) by a 64-bit hash with the time of the first sight, exactly `horizon` ms long.

    What was learnt since the last `close` of an hour is a dictionary, past hours are sorted columns behind a filter.
    `fresh` are the hashes learnt since the owner last cleared it, for whoever keeps them. The owner calls `close` after
    every tick, or nothing is ever forgotten.
    """

    def __init__(self, horizon: Millis = DAY) -> None:
        self.horizon = horizon
        self.fresh: list[int] = []
        self.duplicates = 0
        self._running: dict[int, Millis] = {}
        self._past = SeenHours()
        self._closed_to = 0

    def new_among(self, events: Iterable[Event]) -> list[Event]:
        """Those whose message was not seen within the horizon before they happened."""
        running, horizon, fresh = self._running, self.horizon, self.fresh
        words, shift = self._past.filter()
        new: list[Event] = []
        for event in events:
            key, at = xxh3_64_intdigest(f"{event.user}\0{event.message_id}".encode()), event.at
            if (first := running.get(key)) is None:
                mask = MASKS[key & 1023]
                if words[key >> shift] & mask == mask:
                    first = self._past.first_sight(key)
            if first is None or at - first > horizon:
                running[key] = at
                fresh.append(key)
                new.append(event)
            else:
                self.duplicates += 1
        return new

    def new_of(self, users: Iterable[str], message_ids: Iterable[str], ats: Sequence[Millis]) -> list[bool]:
        """True for each row of these columns that `new_among` would give back; of a message twice it is the first."""
        ids = [xxh3_64_intdigest(f"{user}\0{told}".encode()) for user, told in zip(users, message_ids, strict=True)]
        running, horizon = self._running, self.horizon
        told: list[bool] = []
        for key, at, suspect in zip(ids, ats, self._past.may_hold_each(ids), strict=True):
            first = running.get(key)
            if first is None and suspect:
                first = self._past.first_sight(key)
            new = first is None or at - first > horizon
            if new:
                running[key] = at
            told.append(new)
        self.fresh += [key for key, new in zip(ids, told, strict=True) if new]
        self.duplicates += len(told) - sum(told)
        return told

    def fresh_by_hour(self) -> Iterator[tuple[int, bytes]]:
        """What `fresh` names, as `restore` reads it."""
        if not self.fresh:
            return
        ats = np.fromiter(map(self._running.__getitem__, self.fresh), np.int64, len(self.fresh))
        ids, hours = np.array(self.fresh, "<u8"), ats // HOUR
        for hour in sorted(set(hours.tolist())):
            mine = hours == hour
            yield hour, pack(hour, ids[mine], ats[mine])

    def close(self, until: Millis) -> bool:
        """Sort away the hours that have passed at `until`, drop those behind the horizon; False if no hour ended."""
        hour = until // HOUR
        if hour <= self._closed_to:
            return False
        self._closed_to = hour
        oldest = (until - self.horizon) // HOUR
        self._past.forget_before(oldest)
        ids, ats = _columns(self._running)
        hours = ats // HOUR
        closing = np.unique(hours[(hours >= oldest) & (hours < hour)]).tolist()
        for one in closing:
            self._past.put(one, ids[hours == one], (ats[hours == one] - one * HOUR).astype("<u4"))
        running = hours >= hour
        self._running = dict(zip(ids[running].tolist(), ats[running].tolist(), strict=True))
        return True

    def of_hour(self, hour: int) -> bytes:
        """What is kept of an hour that was closed, as `restore` reads it; nothing if it was dropped."""
        return self._past.packed(hour)

    def restore(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Take back hours and pieces of hours, each with its number."""
        hours: dict[int, list[tuple[Column, Column]]] = defaultdict(list)
        for hour, packed in pieces:
            hours[hour].append(unpack(packed))
        for hour, parts in hours.items():
            self._past.put(hour, np.concatenate([ids for ids, _ in parts]), np.concatenate([at for _, at in parts]))

    def __len__(self) -> int:
        return len(self._running) + len(self._past)


class NothingTwice(SeenIds):
    """For events of which no message comes twice: whoever runs them several times need look only once."""

    def new_among(self, events: Iterable[Event]) -> list[Event]:
        return list(events)


def _columns(running: dict[int, Millis]) -> tuple[Column, Column]:
    count = len(running)
    return np.fromiter(running, "<u8", count), np.fromiter(running.values(), np.int64, count)
