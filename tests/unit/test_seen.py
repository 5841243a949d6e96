"""Message ids are remembered exactly as long as the horizon, whatever was closed, stored or forgotten meanwhile."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from udfs.events import CLICK, Event
from udfs.seen import SeenIds
from udfs.seen_hours import BYTES_AN_ID, MASKS
from udfs.time import DAY, HOUR, Millis


def is_new(seen: SeenIds, user: str, message_id: str, at: Millis) -> bool:
    return bool(seen.new_among([Event(user, at, CLICK, "Page Viewed", message_id)]))


def test_ids_older_than_the_horizon_are_dropped() -> None:
    """The memory of a shard is bounded by its horizon."""
    seen = SeenIds()
    for hour in range(100):
        is_new(seen, "u", f"m{hour}", hour * HOUR)
        seen.close(hour * HOUR)
    assert len(seen) <= 26


def test_an_hour_comes_back_from_its_stored_form() -> None:
    """A restore remembers what was seen, and when."""
    seen, restored = SeenIds(), SeenIds()
    is_new(seen, "u", "m", 5)
    seen.close(HOUR)
    restored.restore([(0, seen.of_hour(0))])
    assert not is_new(restored, "u", "m", DAY + 5)
    assert is_new(restored, "u", "m", DAY + 6)


def test_pieces_of_an_hour_come_back_and_close_as_one() -> None:
    """Each tick stores what it learnt; when the hour is over it is stored once."""
    seen, restored = SeenIds(), SeenIds()
    pieces: list[tuple[int, bytes]] = []
    for at in range(0, 3_000, 100):
        is_new(seen, "u", f"m{at}", at)
        pieces += seen.fresh_by_hour()
        seen.fresh = []
    restored.restore(pieces)
    is_new(restored, "u", "later", 5_000)
    restored.close(HOUR)
    assert len(restored.of_hour(0)) == 31 * BYTES_AN_ID
    assert not any(is_new(restored, "u", f"m{at}", HOUR) for at in range(0, 3_000, 100))


def test_an_id_new_for_the_second_time_is_measured_from_there() -> None:
    """The later sight counts, also once both hours have been closed."""
    seen = SeenIds()
    for at in (0, DAY + 1):
        assert is_new(seen, "u", "m", at)
        seen.close(at + HOUR)
    assert not is_new(seen, "u", "m", 2 * DAY + 1)
    assert is_new(seen, "u", "m", 2 * DAY + 2)


def test_the_filter_knows_what_was_seen_and_takes_few_others_for_known() -> None:
    """One new id in fifty would go on to the exact look-up if the filter were full; it grows before."""
    seen = SeenIds()
    for hour in range(60):
        seen.new_of(["u"] * 1_000, [f"{hour}-{number}" for number in range(1_000)], [hour * HOUR] * 1_000)
        seen.close((hour + 1) * HOUR)
    past = seen._past
    words, shift = past.filter()

    def may_hold(key: int) -> bool:
        mask = MASKS[key & 1023]
        return words[key >> shift] & mask == mask

    known = [may_hold(int.from_bytes(past._hours[59][0][place].tobytes(), "little")) for place in range(1_000)]
    strangers = [may_hold(number * 0x9E3779B97F4A7C15 % 2**64) for number in range(1, 20_001)]
    assert all(known)
    assert sum(strangers) < 500
    assert past.may_hold_each([number * 0x9E3779B97F4A7C15 % 2**64 for number in range(1, 20_001)]) == strangers


sights = st.lists(st.tuples(st.sampled_from("uv"), st.integers(0, 5), st.integers(0, 30 * HOUR)), max_size=60)


def plainly(told: list[tuple[str, int, Millis]]) -> list[bool]:
    """The same with nothing but a dictionary."""
    first: dict[tuple[str, int], Millis] = {}
    new = []
    for user, number, at in told:
        new.append((user, number) not in first or at - first[user, number] > DAY)
        if new[-1]:
            first[user, number] = at
    return new


@given(sights, st.integers(1, 60), st.booleans(), st.booleans())
def test_columns_closing_and_restoring_change_no_answer(
    told: list[tuple[str, int, Millis]], size: int, columns: bool, restored: bool
) -> None:
    """A dictionary of everything ever seen gives the same answers."""
    steps, at = [], 0
    for user, number, later in told:
        at += later // 4
        steps.append((user, number, at))
    seen = SeenIds()
    answers: list[bool] = []
    stored: dict[tuple[int, int], bytes] = {}
    for begin in range(0, len(steps), size):
        tick = steps[begin : begin + size]
        if columns:
            answers += seen.new_of(
                [user for user, _, _ in tick], [f"{number}" for _, number, _ in tick], [at for _, _, at in tick]
            )
        else:
            answers += [is_new(seen, user, f"{number}", at) for user, number, at in tick]
        stored |= {(hour, begin): piece for hour, piece in seen.fresh_by_hour()}
        seen.fresh = []
        seen.close(tick[-1][2])
        if restored:
            seen = SeenIds()
            seen.restore((hour, piece) for (hour, _), piece in stored.items())
    assert answers == plainly(steps)
