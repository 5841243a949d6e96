"""The table of topics is whole and says what Kafka is told."""

from __future__ import annotations

import pytest

from connectors.topics import (
    BY_NAME,
    INPUTS,
    KEPT,
    MAX_TIMESTAMP_AHEAD,
    NEWS,
    TOPICS,
    Clock,
    full_name,
    kind_of,
    plain_name,
    read_by,
    topic_of,
)
from connectors.vocabulary import topic_for
from udfs.events import Kind

CLOCKS: tuple[Clock, ...] = ("live", "replay")


def test_inputs_stand_in_the_order_of_their_kinds() -> None:
    """A topic's place in the table is its Kind: the order of events within one millisecond."""
    assert [topic.kind for topic in INPUTS] == list(Kind)[: len(INPUTS)]
    assert [kind_of(topic.name) for topic in INPUTS] == list(Kind)[: len(INPUTS)]
    assert [kind_of(topic.name) for topic in NEWS] == list(Kind)[Kind.CAMPAIGN :]
    assert [kind_of(topic_of(kind).name) for kind in Kind] == list(Kind)


def test_only_the_campaigns_wait_for_news_and_for_what_became_of_mails() -> None:
    """Whoever is not concerned is not held."""
    assert read_by("profiles", read_back=True) == INPUTS
    assert read_by("campaigns", read_back=False) == KEPT
    assert {topic.name for topic in read_by("campaigns", read_back=True)} == {topic_of(kind).name for kind in Kind}


def test_news_have_one_order() -> None:
    """What was said last has the last word, so all of it lies in one partition."""
    assert {topic.partitions for topic in NEWS} == {1}


def test_an_output_is_no_kind_of_event() -> None:
    """Nobody takes a decision for an event."""
    with pytest.raises(KeyError):
        kind_of("decisions")


def test_live_inputs_refuse_stamps_from_the_future_and_replays_do_not() -> None:
    """One stamp ahead would drown the tide; shop time runs ahead of the wall on purpose."""
    after = "message.timestamp.after.max.ms"
    assert {topic.configs("live")[after] for topic in KEPT} == {"300000"}
    assert {topic.configs("replay")[after] for topic in TOPICS} == {str(MAX_TIMESTAMP_AHEAD)}
    assert {topic.configs("live")[after] for topic in TOPICS if topic.role == "output"} == {str(MAX_TIMESTAMP_AHEAD)}


def test_replays_are_kept_for_ever_and_nothing_is_compacted() -> None:
    """History is older than any retention, and a job that decides needs every record; of heartbeats the last do."""
    assert {topic.configs("replay")["retention.ms"] for topic in TOPICS} == {"-1"}
    policies = {(topic.thinned, clock): topic.configs(clock)["cleanup.policy"] for topic in TOPICS for clock in CLOCKS}
    assert {kept: policy for kept, policy in policies.items() if policy != "delete"} == {(True, "live"): "compact"}
    assert [topic.name for topic in TOPICS if topic.thinned] == ["campaigns"]


def test_a_namespace_goes_before_the_name_and_off_again() -> None:
    """Tests and rehearsals share a broker with the real thing."""
    assert full_name("cart", "t1") == "t1.cart"
    assert plain_name("t1.cart", "t1") == "cart"
    assert full_name("cart") == plain_name("cart") == "cart"


@pytest.mark.parametrize(
    ("event", "topic"),
    [
        ("Product Added", "cart"),
        ("Checkout Step Completed", "cart"),
        ("Coupon Applied", "cart"),
        ("Order Completed", "purchase"),
        ("Order Refunded", "purchase"),
        ("Email Opened", "email-events"),
        ("Unsubscribed", "email-events"),
        ("identify", "profile-changes"),
        ("Product Viewed", "clickstream"),
        ("Product Added to Wishlist", "clickstream"),
        ("Lamp Rubbed", "clickstream"),
    ],
)
def test_an_event_goes_where_its_name_belongs(event: str, topic: str) -> None:
    """Names outside the vocabulary are clickstream."""
    assert topic_for(event) == topic
    assert topic in BY_NAME
