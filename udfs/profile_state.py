"""What is remembered of a person between two events."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from udfs.facts import Facts
from udfs.scores import NEVER, Score
from udfs.segments import Standing
from udfs.time import Millis


class ProfileState(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One person. `scores` by name (`views_1h.shoes` by category), `standing` by segment where there is any.

    Scores are shown as they were at `shown_at`, their last event or wake-up, until `shown_until` (ms); `definition` is
    the version of the configuration.
    """

    user: str
    facts: Facts
    definition: str
    scores: Mapping[str, Score] = {}
    standing: Mapping[str, Standing] = {}
    shown_until: Millis = NEVER
    shown_at: Millis = 0
