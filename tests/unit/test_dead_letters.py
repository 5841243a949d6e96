"""A refusal leaves a letter that fits on its topic and leads back to what was refused."""

from __future__ import annotations

from connectors.dead_letters import MAX_KEPT_BYTES, of_line, of_record
from connectors.rejected import Reason, Rejected
from connectors.wire import decode, encode

WHY = Rejected(Reason.UNDECODABLE, "EOFError")
BROKER_LIMIT = 1_048_588  # Kafka's default of message.max.bytes


def test_a_letter_leads_back_to_the_record_byte_for_byte() -> None:
    """Whoever mends the producer needs the coordinates and the bytes."""
    letter = of_record("profiles", "cart", 1, 42, b"u_1", b"\x00\x00\x00\x00\x03\xff", 7, WHY)
    assert decode(encode("dead-letters", letter), "dead-letters") == (
        "dead-letters",
        letter | {"file": None, "line": None},
    )
    assert (letter["schema_id"], letter["reason"]) == (3, "undecodable")


def test_the_largest_record_still_has_a_letter_that_kafka_takes() -> None:
    """A letter that is refused in turn would stop the job for ever."""
    letter = of_record("profiles", "cart", 1, 42, b"k" * BROKER_LIMIT, b"\x00" * BROKER_LIMIT, 7, WHY)
    assert len(encode("dead-letters", letter)) + len(letter["key"]) < BROKER_LIMIT
    assert f"the first {MAX_KEPT_BYTES} of {BROKER_LIMIT} bytes" in letter["detail"]


def test_a_refused_line_says_its_file_and_number() -> None:
    """Coordinates of a topic make no sense for it, so they are null."""
    decoded = decode(encode("dead-letters", of_line("day.jsonl", 17, b"{", 7, WHY)), "dead-letters")
    assert isinstance(decoded, tuple)
    assert (decoded[1]["file"], decoded[1]["line"], decoded[1]["value"]) == ("day.jsonl", 17, b"{")
    assert (decoded[1]["topic"], decoded[1]["offset"]) == (None, None)
