"""Shards spread evenly over subtasks, in Flink's hash, and stay where they are."""

from __future__ import annotations

from collections import Counter

import pytest

from connectors.shard_labels import KEY_GROUPS, key_by_group, labels


@pytest.mark.parametrize("shards", [8, 16, 24, 64, 128])
@pytest.mark.parametrize("subtasks", [1, 2, 4, 8])
def test_every_subtask_has_its_share_of_the_shards(shards: int, subtasks: int) -> None:
    """As many as any other."""
    held = Counter(key_by_group(label) * subtasks // KEY_GROUPS for label in labels(shards))
    assert held == dict.fromkeys(range(subtasks), shards // subtasks)


def test_the_numbers_themselves_would_not_do() -> None:
    """Half of the machine would wait for the other: why there are labels at all."""
    held = Counter(key_by_group(number) * 2 // KEY_GROUPS for number in range(16))
    assert held == {0: 11, 1: 5}


def test_the_labels_of_today_are_those_of_tomorrow() -> None:
    """They are the keys of stored state: other labels need another FORMAT."""
    assert labels(16) == (19, 23, 4, 30, 0, 1, 15, 14, 22, 46, 8, 44, 2, 3, 9, 6)


@pytest.mark.parametrize(("label", "group"), [(0, 33), (3, 104), (123_456_789, 69)])
def test_the_hash_is_that_of_flink(label: int, group: int) -> None:
    """Told by Flink 2.3.0; tests/stack/test_shard_labels.py asks it again."""
    assert key_by_group(label) == group
