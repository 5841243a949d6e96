"""When each event of a history would count, had `ingest --history` brought it to Kafka: all marks at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from connectors.intake import BEAT_EVERY, EVENTS_A_BEAT
from udfs.time import Millis

Times = NDArray[np.int64]


def effective_times(at: Times, lane: NDArray[np.uint8], bound: Millis) -> Times:
    """The effective times (ms) of events in the order in which they are sent; `lane` is topic and partition."""
    beats = _beats(np.maximum.accumulate(at))
    effective = at.copy()
    for one in np.unique(lane):
        mine = np.flatnonzero(lane == one)
        mark = np.maximum(np.maximum.accumulate(at[mine]), beats[mine])
        effective[mine] = np.maximum(at[mine], mark - bound + 1)
    return effective


def merged_order(times: list[Times]) -> NDArray[np.int64]:
    """Positions of the events of several files, one file's after another's, in the order in which `ingest` merges them.

    It takes the file whose next line is earliest, so a line out of order goes right behind the one before it.
    """
    places = np.concatenate([np.maximum.accumulate(each) for each in times]) if times else np.empty(0, np.int64)
    return np.argsort(places, kind="stable")


def _beats(highest: Times) -> Times:
    """The newest heartbeat before each event (see `Tide`); `highest` is the highest time sent up to each."""
    beats = np.full(len(highest), np.iinfo(np.int64).min // 2, np.int64)
    index, said = EVENTS_A_BEAT - 1, None
    while index < len(highest):
        if said is not None:
            index = max(index, int(np.searchsorted(highest, said + BEAT_EVERY)))
            if index >= len(highest):
                break
        said = int(highest[index])
        beats[index + 1 :] = said
        index += EVENTS_A_BEAT
    return beats
