"""Catalog and brakes on the real stack: sold-out things, orders that fall silent, a campaign that runs wild."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors import broker, wire
from connectors.profile_store import ProfileStore
from connectors.shards import shard_of
from connectors.topics import HEARTBEAT_KEY
from connectors.wire import encode
from local_stack.addresses import ROOT, Addresses
from local_stack.drills.report import wait
from tests.calls import call, identify, sent
from tests.disturb import Sent
from tests.stack.place import Place
from tests.stack.test_render import SHARDS, Room
from udfs.time import HOUR, MINUTE, Millis

pytestmark = pytest.mark.stack

NOON: Millis = 1_790_769_600_000
CUSTOMERS = [f"u{number}" for number in range(6)]


def after(minutes: int) -> Millis:
    return NOON + minutes * MINUTE


def add(minute: int, user: str, *products: str) -> list[Sent]:
    return [
        sent(call("Product Added", after(minute), user, f"{user}-{product}", cart_id=f"c-{user}", product_id=product))
        for product in products
    ]


def sold_out(minute: int, product: str) -> Sent:
    said = {"product_id": product, "variant": None, "available": False, "timestamp": after(minute)}
    return Sent("catalog", product.encode(), encode("catalog", said), after(minute))


def order(minute: int) -> Sent:
    name = f"o{minute}"
    return sent(call("Order Completed", after(minute), "somebody", name, order_id=name, total=10, currency="EUR"))


def checkout(minute: int) -> Sent:
    return sent(call("Checkout Started", after(minute), "anybody", f"s{minute}", cart_id=f"s{minute}"))


@pytest.fixture
def place(stack: Addresses, tmp_path: Path) -> Place:
    return Place.on(stack, "brakes", tick="1s", shards=str(SHARDS), checkpoint_interval="1s")


@pytest.fixture
def room(place: Place, tmp_path: Path) -> Iterator[Room]:
    """A render service with profiles of the customers in the same namespace."""
    room = Room(place.addresses, tmp_path)
    room.namespace = place.namespace
    store = ProfileStore(place.addresses.redis, place.namespace, SHARDS)
    for shard in range(SHARDS):
        known = {user: {"trait_email": f"{user}@example.org", "consent_marketing": "true"} for user in CUSTOMERS}
        store.write_tick(shard, after(90), {u: said for u, said in known.items() if shard_of(u, SHARDS) == shard}, {})
    store.close()
    room.open_post_office()
    yield room
    room.leave()


@pytest.fixture
def rehearsed(tmp_path: Path) -> Path:
    """The shipped configuration; one mail an hour was rehearsed."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    with (config / "campaigns" / "cart_abandonment.toml").open("a") as file:
        file.write("\n[volume]\nhourly = 1\n")
    return config


def words(place: Place) -> list[dict[str, Any]]:
    """What was said on the topic of campaigns."""
    found = []
    for record in broker.read_to_end(place.addresses.kafka, place.names("campaigns")):
        read = wire.decode(record.value, "campaigns") if record.key != HEARTBEAT_KEY else None
        found += [read[1]] if isinstance(read, tuple) else []
    return found


def wait_for_words(place: Place, count: int) -> None:
    wait(lambda: len(words(place)) >= count, 60, f"{count} words of the brakes")


def test_sold_out_orders_silent_and_too_many(place: Place, room: Room, rehearsed: Path) -> None:
    """Real jobs, a real watcher and a real render service; the clock goes on by our heartbeats."""
    yes = [sent(identify(NOON - HOUR, user, f"yes-{user}", consent={"marketing": True})) for user in CUSTOMERS]
    usual = [one for minute in range(-60, 1) for one in (checkout(minute), order(minute))]
    place.send([*yes, *usual, *add(0, "u0", "mug", "pen"), sold_out(5, "mug"), sold_out(12, "pen")])
    place.send([*map(checkout, range(1, 9)), *add(15, "u1", "cup")])
    place.beat(after(21))
    job = place.submit("campaigns", NOON - HOUR, rehearsed)
    place.wait_for_decisions(1)

    brakes = subprocess.Popen(
        [sys.executable, "-m", "cli", "brakes"], cwd=ROOT, env={**os.environ, **place.environment()}
    )
    try:
        wait_for_words(place, 1)
        place.beat(after(30))
        place.wait_for_decisions(2)
        place.send([order(31)])
        place.beat(after(35))
        wait_for_words(place, 2)
        place.send([*add(41, "u2", "cup"), *add(41, "u3", "cup"), *add(41, "u5", "cup"), *add(46, "u4", "cup")])
        place.beat(after(52))
        place.wait_for_decisions(6)
        wait_for_words(place, 3)
        place.beat(after(60))
        place.wait_for_decisions(7)
    finally:
        brakes.send_signal(signal.SIGTERM)
        assert brakes.wait(30) == 0

    said = words(place)
    assert [(one["action"], one["name"]) for one in said] == [
        ("orders_silent", "~orders"),
        ("orders_flow", "~orders"),
        ("pause", "cart_abandonment"),
    ]
    assert after(31) < said[1]["timestamp"] <= after(35)
    told = sorted((one["at"], one["user_id"], one["outcome"], one["reason"]) for one in place.records("decisions"))
    assert told == [
        (after(10), "u0", "send", "sent"),
        (after(25), "u1", "defer", "orders_silent"),
        (said[1]["timestamp"], "u1", "send", "sent"),
        (after(51), "u2", "send", "sent"),
        (after(51), "u3", "send", "sent"),
        (after(51), "u5", "send", "sent"),
        (after(56), "u4", "drop", "paused"),
    ]
    triggers = {one["user_id"]: one for one in place.records("triggers")}
    assert [item["product_id"] for item in triggers["u0"]["items"]] == ["pen"]
    assert "put off until orders come in again" in place.tidemark("explain", "u1", "--retell")

    room.start()
    room.wait_until(lambda: len(room.answers()) == 5)
    answers = {user: room.answers()[one["trigger_id"]] for user, one in triggers.items()}
    assert answers.pop("u0") == ("not_sent", "unavailable_item")
    assert set(answers.values()) == {("sent", "sent")}
    place.cluster.cancel(job)
