"""Shards spread evenly over subtasks, in both of Flink's hashes, and stay where they are."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable

import pytest

from connectors.shard_labels import KEY_GROUPS, in_sql, key_by_group, labels, sql_group

BOTH = pytest.mark.parametrize("group", [sql_group, key_by_group])
Group = Callable[[int], int]


@BOTH
@pytest.mark.parametrize("shards", [8, 16, 24, 64, 128])
@pytest.mark.parametrize("subtasks", [1, 2, 4, 8])
def test_every_subtask_has_its_share_of_the_shards(group: Group, shards: int, subtasks: int) -> None:
    """As many as any other."""
    held = Counter(group(label) * subtasks // KEY_GROUPS for label in labels(shards))
    assert held == dict.fromkeys(range(subtasks), shards // subtasks)


@pytest.mark.parametrize("subtasks", [1, 2, 4, 8])
def test_the_ticks_of_a_shard_are_made_where_they_are_decided(subtasks: int) -> None:
    """The second exchange then moves nothing to another subtask."""
    for label in labels(16):
        assert sql_group(label) * subtasks // KEY_GROUPS == key_by_group(label) * subtasks // KEY_GROUPS


def test_the_numbers_themselves_would_not_do() -> None:
    """Half of the machine would wait for the other: why there are labels at all."""
    held = Counter(key_by_group(number) * 2 // KEY_GROUPS for number in range(16))
    assert held == {0: 11, 1: 5}


def test_the_labels_of_today_are_those_of_tomorrow() -> None:
    """They are the keys of stored state: other labels need another FORMAT."""
    assert labels(16) == (57, 68, 4, 40, 13, 281, 569, 1193, 100, 947, 483, 501, 445, 108, 20, 115)


@pytest.mark.parametrize(("label", "by_sql", "by_key"), [(0, 102, 33), (3, 112, 104), (123_456_789, 126, 69)])
def test_hashes_are_those_of_flink(label: int, by_sql: int, by_key: int) -> None:
    """Told by Flink 2.3.0; tests/stack/test_shard_labels.py asks it again."""
    assert (sql_group(label), key_by_group(label)) == (by_sql, by_key)


@pytest.mark.parametrize("shards", [1, 7, 16, 128])
def test_sql_finds_the_label_of_every_shard(shards: int) -> None:
    """The expression by halves, asked of another SQL."""
    expression = in_sql("shard", labels(shards))
    asked = sqlite3.connect(":memory:")
    told = asked.execute(
        f"""WITH RECURSIVE every(shard) AS (SELECT 0 UNION SELECT shard + 1 FROM every WHERE shard < {shards - 1})
        SELECT {expression} FROM every ORDER BY shard"""
    )
    assert tuple(label for (label,) in told) == labels(shards)
    asked.close()
