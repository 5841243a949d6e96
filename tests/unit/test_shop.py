"""The demo shop is the same for everybody, every time, and has in it what the demo promises."""

from __future__ import annotations

import hashlib
import zlib
from collections import Counter

import pytest

from connectors.rejected import Rejected
from connectors.segment_spec import parse
from local_stack.shop import cast
from local_stack.shop.arrival import BOUND, Deliveries, Delivery, deliveries
from local_stack.shop.canvas import SIZE
from local_stack.shop.catalogue import products
from local_stack.shop.clock import ShopClock, load, stop
from local_stack.shop.draw import MOTIFS, draw
from local_stack.shop.people import HOW_MANY, people, user_id
from local_stack.shop.script import FULL, SHORT, T0, cast_of
from local_stack.shop.visitor import from_iso


@pytest.fixture(scope="module")
def full() -> Deliveries:
    return deliveries(FULL)


def everything(post: Deliveries) -> list[Delivery]:
    return [*post.history, *post.live, *post.day_after]


def fingerprint(post: Deliveries) -> str:
    return hashlib.sha256("\n".join(map(str, everything(post))).encode()).hexdigest()


def pixels(png: bytes) -> bytes:
    start = png.index(b"IDAT") + 4
    return zlib.decompress(png[start : start + int.from_bytes(png[start - 8 : start - 4], "big")])


def test_the_play_is_the_same_bytes_every_time() -> None:
    """The second demo shows what the first one showed."""
    assert fingerprint(deliveries(SHORT)) == fingerprint(deliveries(SHORT))


def test_forty_products_have_a_picture_each_that_a_mail_can_carry() -> None:
    """Our own pictures, small enough for forty of them in a clone."""
    assert len(products()) == len({product.id for product in products()}) == 40
    for product in products():
        content = product.picture.read_bytes()
        assert content.startswith(b"\x89PNG")
        assert int.from_bytes(content[16:20], "big") == int.from_bytes(content[20:24], "big") == SIZE
        assert len(content) < 24_000


def test_a_picture_is_what_the_drawing_script_draws() -> None:
    """Nobody can say where a picture comes from if it cannot be drawn again; zlib may pack it otherwise elsewhere."""
    assert {product.motif for product in products()} == set(MOTIFS)
    product = products()[8]
    assert pixels(draw(product).png()) == pixels(product.picture.read_bytes())


def test_people_live_in_five_zones_and_85_of_100_have_consented() -> None:
    """Exact shares, not likely ones: the demo's numbers are told to people."""
    everybody = people(FULL.seed)
    assert len(everybody) == HOW_MANY
    assert len({person.timezone for person in everybody}) == 5
    answers = Counter(person.consent for person in everybody)
    assert answers[True] == 0.85 * HOW_MANY
    assert answers[None] > 0
    assert len({person.email for person in everybody}) == HOW_MANY
    assert all(person.email.endswith("@example.com") and person.email.isascii() for person in everybody)


def test_those_whose_story_is_told_have_consented() -> None:
    """A story about a deadline must not end with no_consent."""
    by_id = {person.id: person for person in cast_of(FULL)}
    assert all(by_id[user_id(number)].consent for number in cast.STORIES)


def test_one_in_twenty_calls_arrives_twice(full: Deliveries) -> None:
    """The share that the closing line tells."""
    ids = Counter(call["messageId"] for letter in everything(full) if (call := letter.call()))
    doubled = sum(count - 1 for count in ids.values())
    assert 0.045 < doubled / sum(ids.values()) < 0.055


def test_disorder_stays_within_the_bound_but_for_sleeping_phones_and_one_order(full: Deliveries) -> None:
    """Lateness is there on purpose, and only where it is meant to be."""
    first = {call["messageId"]: (letter, call) for letter in reversed(full.live) if (call := letter.call())}
    late = [call for letter, call in first.values() if letter.arrives - from_iso(call["timestamp"]) >= BOUND]
    kinds = Counter(call.get("event", "identify") for call in late)
    assert 10 < len(late) < 0.03 * len(first)
    assert kinds.pop("Order Completed") == 1
    assert all(name.startswith("Product") and name not in ("Product Added", "Product Removed") for name in kinds)


def test_the_intake_refuses_the_damaged_lines_and_nothing_else(full: Deliveries) -> None:
    """What the demo counts as rejected was damaged on purpose."""
    answers = [(letter, parse(letter.line.encode(), letter.arrives)) for letter in everything(full) if letter.line]
    refused = [letter.line for letter, answer in answers if isinstance(answer, Rejected)]
    assert len(refused) == 10
    assert all("broken" in line or "astray" in line or "messageId" not in line for line in refused)


def test_heartbeats_come_at_the_start_of_each_part_and_never_run_ahead(full: Deliveries) -> None:
    """A heartbeat tells the present: it stands where it arrives."""
    assert full.live[0].is_beat
    assert full.live[0].arrives == T0
    arrivals = [letter.arrives for letter in everything(full)]
    assert arrivals == sorted(arrivals)


def test_a_clock_survives_on_disk_until_it_is_stopped(tmp_path_factory: pytest.TempPathFactory) -> None:
    """`try` asks the running demo what time it is in the shop."""
    home = tmp_path_factory.mktemp("home")
    clock = ShopClock(T0, 1_000, 30.0)
    clock.save(home)
    assert load(home) == clock
    stop(home)
    assert load(home) is None
