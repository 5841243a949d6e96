"""What a shop says of its shelves by the command line reaches the topic as the jobs read it, and can be seen again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connectors.news_log import CATALOG, present, read_log
from connectors.topics import KEPT
from local_stack.addresses import Addresses
from local_stack.drills.heart import heartbeats
from local_stack.drills.report import wait
from local_stack.drills.scene import CommandError
from tests.stack.place import Place
from udfs.news import News
from udfs.time import SECOND

pytestmark = pytest.mark.stack


def test_products_are_said_to_be_sold_out_and_available_again(stack: Addresses) -> None:
    """The product as a whole and its variants are said apart; what cannot be is refused and nothing written."""
    place = Place.on(stack, "catalog", "live")

    def catalog(*words: str) -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = json.loads(place.tidemark("catalog", *words, "--json"))
        return told

    def gone() -> list[tuple[str, str | None]]:
        return [(one["product_id"], one["variant"]) for one in catalog("list")]

    with pytest.raises(CommandError, match="nobody knows what time it is there"):
        catalog("sold-out", "mug")
    with heartbeats(place, *(topic.name for topic in KEPT)):
        where = place.addresses.kafka
        wait(lambda: present(where, place.namespace, SECOND, CATALOG) is not None, 30, "the topics to be told")
        assert gone() == []
        catalog("sold-out", "mug", "bowl", "mug")
        catalog("sold-out", "mug", "--variant", "red")
        assert gone() == [("bowl", None), ("mug", None), ("mug", "red")]
        assert catalog("available", "mug", "--dry-run")[0]["written"] is False
        with pytest.raises(CommandError, match=r"longer than 256\. Nothing is told"):
            catalog("sold-out", "plate", "x" * 300)
        catalog("available", "mug", "bowl")
        assert gone() == [("mug", "red")]
    told = [one.news for one in read_log(where, place.namespace, SECOND, CATALOG)]
    assert [(news.key, news.variant, news.available) for news in told if isinstance(news, News)] == [
        ("mug", None, False), ("bowl", None, False), ("mug", "red", False), ("mug", None, True), ("bowl", None, True),
    ]  # fmt: skip
    assert all(isinstance(news, News) and news.at == news.since for news in told)
