"""How the play reaches the broker: delayed, doubled, now and then damaged, with heartbeats in shop time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import msgspec

from connectors.topics import BY_NAME
from connectors.vocabulary import IDENTIFY, topic_for
from local_stack.shop.cast import LATE_ORDER
from local_stack.shop.people import user_id
from local_stack.shop.script import T0, Plan, play
from local_stack.shop.visitor import Call, Told, encode_call
from udfs.time import HOUR, MINUTE, SECOND, Millis

BOUND: Millis = 2 * MINUTE  # the demo's bound on disorder; every delay but those of ASLEEP stays below it
BEAT: Millis = 10 * SECOND
BEAT_AFTER: Millis = 4 * MINUTE
DOUBLED = 0.053  # of the calls, so that one in twenty messages is a double
ASLEEP = 0.015  # of the clicks: told by phones that were asleep, later than the bound

_DELAYS: dict[str, tuple[Millis, Millis]] = {
    "profile-changes": (200, 5 * SECOND),
    "clickstream": (200, 15 * SECOND),
    "cart": (200, 10 * SECOND),
    "purchase": (25 * SECOND, 115 * SECOND),  # an export that comes when it comes
    "email-events": (SECOND, 60 * SECOND),
}
_DAMAGED_LINES = (
    '{"type":"track","event":"Product Viewed","messageId":"broken-1","userId":"u_0020"',
    '{"type":"track","event":"Product Added","userId":"u_0021","timestamp":"2026-10-12T14:20:00.000Z"}',
    '{"type":"track","event":"Product Viewed","messageId":"broken-3","timestamp":"2026-10-12T14:21:00.000Z"}',
    '{"type":"track","event":"Order Completed","messageId":"broken-4","userId":"u_0022","timestamp":"yesterday"}',
    "a line of a log that went astray",
)


class Garbage(NamedTuple):
    """Bytes that somebody else wrote to one of our topics."""

    topic: str
    key: bytes
    value: bytes


class Delivery(NamedTuple):
    """What arrives at `arrives` (shop time, ms): a line for `ingest`, garbage, or with neither a heartbeat."""

    arrives: Millis
    line: str = ""
    garbage: Garbage | None = None

    @property
    def is_beat(self) -> bool:
        return not self.line and self.garbage is None

    def call(self) -> Call | None:
        """The call in the line, None if there is none to be understood."""
        try:
            call: Call = msgspec.json.decode(self.line)
            return call if call.keys() >= {"type", "userId", "messageId", "timestamp"} and _is_time(call) else None
        except msgspec.DecodeError:
            return None


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The play in the order of arrival; history is everything that arrived before T0."""

    history: list[Delivery]
    live: list[Delivery]
    day_after: list[Delivery]


def deliveries(plan: Plan) -> Deliveries:
    """The same bytes for the same plan."""
    dice = Random(f"arrival {plan.seed}")
    post = [letter for told in play(plan) for letter in _post(dice, told)]
    post += _damaged(dice, plan)
    arrivals = sorted(post, key=lambda letter: letter.arrives)
    first = arrivals[0].arrives
    live = [letter for letter in arrivals if T0 <= letter.arrives < plan.live_end]
    after = [letter for letter in arrivals if plan.live_end <= letter.arrives < plan.end]
    return Deliveries(
        history=_with_beats([letter for letter in arrivals if letter.arrives < T0], first, T0, HOUR),
        live=_with_beats(live, T0, plan.live_end, BEAT),
        day_after=_with_beats(after, plan.live_end, plan.end, BEAT_AFTER),
    )


def _post(dice: Random, told: Told) -> Iterator[Delivery]:
    """A call on its way, and in five of a hundred its double: a hasty retry, or one out of a pocket minutes later."""
    topic = _topic(told.call)
    arrives = told.at + _delay(dice, topic, told)
    line = encode_call(told.call, arrives)
    yield Delivery(arrives, line)
    if dice.random() < DOUBLED:
        late = dice.random() < 0.1
        yield Delivery(arrives + dice.randrange(5 * MINUTE if late else SECOND, 12 * MINUTE if late else MINUTE), line)


def _delay(dice: Random, topic: str, told: Told) -> Millis:
    low, high = _DELAYS[topic]
    delay = dice.randrange(low, high)
    if told.at < T0:
        return min(delay, BOUND - SECOND)
    if topic == "clickstream" and dice.random() < ASLEEP:
        return dice.randrange(BOUND + MINUTE, 9 * MINUTE)
    if topic == "purchase" and told.call["userId"] == user_id(LATE_ORDER):
        return BOUND + 90 * SECOND
    return delay


def _is_time(call: Call) -> bool:
    return bool(call["timestamp"][:1].isdigit())


def _topic(call: Call) -> str:
    return topic_for(IDENTIFY if call["type"] == "identify" else call["event"])


def _damaged(dice: Random, plan: Plan) -> Iterable[Delivery]:
    """Lines that are no calls, and bytes that are no records."""
    for line in _DAMAGED_LINES * 2:
        yield Delivery(T0 + dice.randrange(plan.live), line)
    for topic in ("clickstream", "cart", "purchase", "email-events", "profile-changes"):
        for value in (b"\x00\x00\x00\xff\xff" + dice.randbytes(30), dice.randbytes(24), b"\x00\x00"):
            at = T0 + dice.randrange(plan.live)
            yield Delivery(at, garbage=Garbage(BY_NAME[topic].name, b"u_0999", value))


def _with_beats(post: list[Delivery], start: Millis, end: Millis, every: Millis) -> list[Delivery]:
    beats = [Delivery(at) for at in range(start, end, every)]
    return sorted(post + beats, key=lambda letter: letter.arrives)
