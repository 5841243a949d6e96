"""Five kinds of garbage, made from good records by seed; every test that needs some takes it from here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from connectors.input_events import read_event
from connectors.rejected import Rejected
from connectors.topics import HEARTBEAT_KEY, kind_of
from connectors.wire import HEADER_BYTES, encode, versions
from tests.disturb import Sent


class Piece(NamedTuple):
    """A spoilt copy of a record; `spoilt_by` is one of KINDS."""

    sent: Sent
    spoilt_by: str

    @property
    def refusal(self) -> Rejected | None:
        """Why it is refused; None for a flip that leaves a record which is whole, agrees and says something else."""
        read = read_event(kind_of(self.sent.topic), self.sent.key, self.sent.value, self.sent.at, self.sent.at)
        return read if isinstance(read, Rejected) else None


def make(records: Sequence[Sent], share: float, seed: int, kinds: Sequence[str] = ()) -> list[Piece]:
    """For each topic among `records` so many pieces that they are `share` of it, at least one of each kind."""
    dice = Random(seed)
    chosen = list(kinds) or list(KINDS)
    pieces = []
    for topic in sorted({record.topic for record in records}):
        good = [r for r in records if r.topic == topic and r.value is not None and r.key != HEARTBEAT_KEY]
        for number in range(max(len(chosen), round(len(good) * share)) if good else 0):
            pieces.append(spoil(dice.choice(good), chosen[number % len(chosen)], dice))
    return pieces


def spoil(record: Sent, kind: str, dice: Random) -> Piece:
    """A copy of one record, spoilt in one way; key, time and topic stay."""
    return Piece(record._replace(value=KINDS[kind](record.topic, record.value or b"", dice)), kind)


def wrong_schema_id(topic: str, value: bytes, dice: Random) -> bytes:
    """The right bytes under an id that nobody gave out, or that belongs to another subject."""
    own = int.from_bytes(value[1:HEADER_BYTES], "big")
    others = [number for number in versions() if number != own]
    number = dice.choice(others) if dice.random() < 0.5 else dice.randrange(10_000, 2**32)
    return b"\x00" + number.to_bytes(4, "big") + value[HEADER_BYTES:]


def truncated(topic: str, value: bytes, dice: Random) -> bytes:
    """The record ends somewhere, perhaps in its framing."""
    return value[: dice.randrange(len(value))]


def bits_flipped(topic: str, value: bytes, dice: Random) -> bytes:
    """One to eight bits of the record are wrong."""
    spoilt = bytearray(value)
    for place in dice.sample(range(8 * len(value)), dice.randint(1, 8)):
        spoilt[place // 8] ^= 1 << place % 8
    return bytes(spoilt)


def random_bytes(topic: str, value: bytes, dice: Random) -> bytes:
    """Noise, half of it well framed."""
    noise = dice.randbytes(dice.randrange(200))
    return noise if dice.random() < 0.5 else value[:HEADER_BYTES] + noise


def foreign_schema(topic: str, value: bytes, dice: Random) -> bytes:
    """A sound record of another schema."""
    person = f"u_{dice.randrange(1000):04}"
    envelope = {"message_id": f"foreign-{dice.randrange(10**9)}", "type": "track", "user_id": person, "timestamp": 0}
    if topic == "purchase":
        return encode("cart", envelope | {"event": "Cart Viewed", "products": []})
    return encode("purchase", envelope | {"event": "Order Completed", "products": [], "total": 100})


KINDS: dict[str, Callable[[str, bytes, Random], bytes]] = {
    "wrong_schema_id": wrong_schema_id,
    "truncated": truncated,
    "bits_flipped": bits_flipped,
    "random_bytes": random_bytes,
    "foreign_schema": foreign_schema,
}
