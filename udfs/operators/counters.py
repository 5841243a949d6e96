"""Flink counters by name and label, made when first needed."""

from __future__ import annotations

from typing import Any


class Counters:
    """Counts into `group`; a label becomes a Prometheus label, so its values must come from a closed list."""

    def __init__(self, group: Any) -> None:
        self._group = group.add_group("tidemark")
        self._counters: dict[tuple[str, ...], Any] = {}

    def add(self, name: str, by: int = 1, **labels: str) -> None:
        if not by:
            return
        key = (name, *labels.values())
        if (counter := self._counters.get(key)) is None:
            group = self._group
            for label, value in labels.items():
                group = group.add_group(label, value)
            counter = self._counters[key] = group.counter(name)
        counter.inc(by)
