"""Scheduled sends: who is asked when, each person once, wherever they are by then and whatever was learnt when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.config_files import read_config
from tests.unit.customer import LONG_AFTER, NOON, ROOT, add, consent, erase, event, identify, line, order, view
from tests.unit.test_campaign_properties import stories
from udfs.campaign_config import campaign_rule
from udfs.campaign_rule import CampaignRule
from udfs.config_error import ConfigError
from udfs.decisions import Entry
from udfs.events import Context, Event, Kind
from udfs.lists import MOST_LISTS, merged
from udfs.memory_driver import drive
from udfs.outputs import Decision, Trigger
from udfs.person import Person
from udfs.person_events import after
from udfs.time import DAY, HOUR, MINUTE, Millis
from udfs.timetable import Timetable

CONFIG = ROOT / "config"
# NOON is a Wednesday in UTC.
AT = "2026-10-01T10:00:00"
AT_UTC: Millis = NOON + 22 * HOUR
LIST = 'list = "spring"'
BERLIN, TOKYO, NEW_YORK = "Europe/Berlin", "Asia/Tokyo", "America/New_York"
HOUR_IN = {"UTC": 0, BERLIN: -2 * HOUR, TOKYO: -9 * HOUR, NEW_YORK: 4 * HOUR}


def text(schedule: str = f"at = {AT}", audience: str = LIST, more: str = "", top: str = "") -> str:
    return (
        f'name = "news"\n{top}\n[schedule]\n{schedule}\n[audience]\n{audience}\n'
        f'[[steps]]\ntemplate = "news"\n[courtesy]\nafter_order = "0h"\n{more}\n'
    )


def rule(*campaigns: str, live_from: Millis | None = None, governor: str = "") -> CampaignRule:
    found = {str(path.relative_to(CONFIG)): path.read_bytes() for path in (CONFIG / "segments").rglob("*.toml")}
    found |= {name: (CONFIG / name).read_bytes() for name in ("scores.toml", "rfm.toml")}
    found |= {f"campaigns/{number}.toml": one.encode() for number, one in enumerate(campaigns or (text(),))}
    return campaign_rule(found | {"governor.toml": governor.encode()}, live_from, NOON - 800 * DAY)


def on(at: Millis, *names: str, is_on: bool = True, **told: Any) -> Event:
    return identify(at, {"lists": dict.fromkeys(names or ("spring",), is_on)}, **told)


def at_home(at: Millis, zone: str, **told: Any) -> Event:
    return view(at, context=Context(timezone=zone), **told)


def decisions(the_rule: CampaignRule, events: Sequence[Event], stop_at: Millis = LONG_AFTER) -> list[Decision]:
    story = drive(the_rule, events, stop_at=stop_at)
    assert story.states == {} or stop_at != LONG_AFTER
    return [told for told in story.emitted if isinstance(told, Decision)]


def told(the_rule: CampaignRule, *events: Event) -> list[tuple[Millis, str]]:
    return [(one.at, one.reason) for one in decisions(the_rule, events)]


LISTED = [consent(NOON - DAY), on(NOON - DAY + 1)]


@pytest.mark.parametrize("zone", HOUR_IN)
def test_everybody_is_asked_when_it_is_so_late_where_they_are(zone: str) -> None:
    """By the zone that a device has told."""
    assert told(rule(), *LISTED, at_home(NOON - DAY + 2, zone)) == [(AT_UTC + HOUR_IN[zone], "sent")]


def test_where_somebody_lives_is_known_as_in_quiet_hours() -> None:
    """The trait, the country, the governor's default; a country of many zones counts when all have come so far."""
    for traits, instant in (
        ({"timezone": TOKYO}, AT_UTC - 9 * HOUR),
        ({"country": "JP"}, AT_UTC - 9 * HOUR),
        ({"country": "US"}, AT_UTC + 10 * HOUR),  # Honolulu
        ({}, AT_UTC - 2 * HOUR),
    ):
        home = identify(NOON - DAY + 3, traits, user="ada")
        assert told(rule(governor=f'zone = "{BERLIN}"'), *LISTED, home) == [(instant, "sent")]


def test_with_an_offset_it_is_one_instant_for_all() -> None:
    """A flash sale begins everywhere at once."""
    flash = rule(text("at = 2026-10-01T12:00:00+02:00"))
    for zone in HOUR_IN:
        assert told(flash, *LISTED, at_home(NOON - DAY + 2, zone)) == [(AT_UTC, "sent")]


def test_who_is_not_on_the_list_is_not_asked_at_all() -> None:
    """A list of ten makes ten decisions, among however many people."""
    assert told(rule(), consent(NOON), on(NOON, "autumn")) == []
    assert told(rule(), *LISTED, on(NOON + HOUR, is_on=False)) == []


def test_the_list_is_that_of_the_instant() -> None:
    """Put on it in that very millisecond counts, and a millisecond later does not."""
    assert told(rule(), consent(NOON), on(AT_UTC)) == [(AT_UTC, "sent")]
    assert told(rule(), consent(NOON), on(AT_UTC + 1)) == []
    assert told(rule(), *LISTED, on(AT_UTC, is_on=False)) == []
    assert told(rule(), *LISTED, on(AT_UTC + 1, is_on=False)) == [(AT_UTC, "sent")]


def test_who_is_in_the_segment_at_the_instant_is_asked() -> None:
    """By the clock, too: an hour after the last look nobody is browsing any more."""
    shoes = rule(text(audience='segment = "browsing_shoes"'))

    def looks(at: Millis) -> list[Event]:
        return [
            consent(NOON),
            *(view(at + second * 1000, lines=(line("shoe", category="shoes"),)) for second in range(3)),
        ]

    assert told(shoes, *looks(AT_UTC - 30 * MINUTE)) == [(AT_UTC, "sent")]
    assert told(shoes, *looks(AT_UTC - 90 * MINUTE)) == []
    assert told(shoes, *looks(AT_UTC + MINUTE)) == []


def test_who_is_meant_is_told_why_not() -> None:
    """One decision each, with the questions that every campaign asks."""
    assert told(rule(), on(NOON)) == [(AT_UTC, "no_consent")]
    courteous = rule(text().replace('after_order = "0h"', 'after_order = "24h"'))
    assert told(courteous, *LISTED, order(NOON, "mug")) == [(AT_UTC, "ordered_recently")]
    new = [order(NOON - 2 * DAY, "pen", total=1200, order_id="o1"), *LISTED]
    assert told(rule(text(audience=LIST + '\nnot_segment = "new"')), *new) == [(AT_UTC, "not_in_audience")]
    assert told(rule(text(top='state = "paused"')), *LISTED) == [(AT_UTC, "paused")]
    assert told(rule(text(top="live_from = 2026-10-02T00:00:00Z")), *LISTED) == [(AT_UTC, "before_live_from")]
    assert told(rule(live_from=AT_UTC + 1), *LISTED) == [(AT_UTC, "before_live_from")]
    assert told(rule(live_from=AT_UTC), *LISTED) == [(AT_UTC, "sent")]


def test_a_throttle_spreads_people_and_keeps_each_at_a_time_of_their_own() -> None:
    """Over two hours, about evenly, and the same in every run."""
    events = [one for n in range(200) for one in (consent(NOON, user=f"u{n}"), on(NOON, user=f"u{n}"))]
    spread = rule(text(f'at = {AT}\nthrottle = "2h"'))
    first, again = decisions(spread, events), decisions(spread, events[::-1])
    assert sorted(map(str, first)) == sorted(map(str, again))
    minutes = [(one.at - AT_UTC) / MINUTE for one in first]
    assert len(minutes) == 200
    assert all(0 <= minute <= 120 for minute in minutes)
    assert all(25 <= sum(30 * n <= minute < 30 * n + 30 for minute in minutes) <= 75 for n in range(4))


def test_what_reaches_into_the_night_is_held_until_the_morning() -> None:
    """The governor's night is over all campaigns."""
    late = rule(text("at = 2026-10-01T22:00:00"), governor='[quiet_hours]\nspread = "0min"')
    found = decisions(late, LISTED)
    assert [(one.outcome, one.at) for one in found] == [("defer", AT_UTC + 12 * HOUR), ("send", AT_UTC + 22 * HOUR)]


def test_an_order_while_it_is_held_ends_nothing_unless_the_file_says_so() -> None:
    """It was not about a cart."""
    night = '[quiet_hours]\nspread = "0min"'
    bought = [*LISTED, order(AT_UTC + 13 * HOUR, "mug")]
    late = text("at = 2026-10-01T22:00:00")
    assert [one.reason for one in decisions(rule(late, governor=night), bought)] == ["quiet_hours", "sent"]
    ends = late + "[exits]\non_order = true\n"
    assert [one.reason for one in decisions(rule(ends, governor=night), bought)] == ["quiet_hours", "converted"]


def test_a_second_step_follows_the_first_mail() -> None:
    """As in every campaign."""
    two = rule(text(more='[[steps]]\ntemplate = "more"\nafter = "3d"'))
    assert told(two, *LISTED) == [(AT_UTC, "sent"), (AT_UTC + 3 * DAY, "sent")]


def test_whoever_travels_is_asked_once() -> None:
    """Westwards after their hour: not again. Eastwards past their hour: at once."""
    west = [*LISTED, at_home(NOON, TOKYO), at_home(NOON + 20 * HOUR, NEW_YORK)]
    assert told(rule(), *west) == [(AT_UTC - 9 * HOUR, "sent")]
    assert told(rule(), *west, at_home(NOON + 21 * HOUR, BERLIN)) == [(AT_UTC - 9 * HOUR, "sent")]
    east = [*LISTED, at_home(NOON, NEW_YORK), at_home(NOON + 20 * HOUR, TOKYO)]
    assert told(rule(), *east) == [(NOON + 20 * HOUR, "sent")]
    short = rule(text(top='valid_for = "6h"'))
    assert told(short, *east) == [(NOON + 20 * HOUR, "expired")]  # seven hours after ten in Tokyo


def test_a_zone_told_at_the_instant_itself_comes_before_it() -> None:
    """An event comes before the clock of its own instant."""
    home = [*LISTED, at_home(NOON, TOKYO)]
    assert told(rule(), *home, at_home(AT_UTC - 9 * HOUR, NEW_YORK)) == [(AT_UTC + 4 * HOUR, "sent")]
    assert told(rule(), *home, at_home(AT_UTC - 9 * HOUR + 1, NEW_YORK)) == [(AT_UTC - 9 * HOUR, "sent")]


def test_a_mended_typo_changes_no_id_and_another_time_is_another_send() -> None:
    """The id rests on the time as it is written, not on where somebody is."""

    def id_of(the_text: str, *more: Event) -> str:
        found = drive(rule(the_text), [*LISTED, *more], stop_at=LONG_AFTER).emitted
        return next(one.trigger_id for one in found if isinstance(one, Trigger))

    plain = id_of(text())
    assert id_of(text(top="# mended")) == id_of(text(), at_home(NOON, TOKYO)) == plain
    assert id_of(text(f'at = {AT}\nthrottle = "2h"')) == plain
    assert id_of(text("at = 2026-10-01T11:00:00")) != plain


def test_a_list_keeps_somebody_known_who_has_done_nothing_else() -> None:
    """As long as consent would, and not longer."""
    story = drive(rule(), [on(NOON)], stop_at=NOON + 399 * DAY)
    assert story.states.keys() == {"ada"}
    assert drive(rule(), [on(NOON)], stop_at=NOON + 402 * DAY).states == {}
    assert drive(rule(), [on(NOON), on(NOON + 1, is_on=False)], stop_at=NOON + 1).states == {}
    assert drive(rule(), [on(NOON), erase(NOON + 1)], stop_at=NOON + 1).states == {}


@pytest.mark.parametrize("number", range(8))
def test_no_event_takes_anybody_off_a_list(number: int) -> None:
    """With every signal listened to: what is not about lists leaves them, and what was asked, as they are."""
    shipped = campaign_rule(read_config(), None, NOON, drafts=True)
    ada = Person("ada", NOON, True, lists=("spring",), asked=(Entry("news", "", AT_UTC),))
    happened = [
        view(NOON, lines=(line("shoe"),)),
        view(NOON, context=Context(timezone=TOKYO)),
        add(NOON),
        order(NOON, "mug", order_id="o"),
        order(NOON, name="Order Cancelled", order_id="o"),
        identify(NOON, {"email": "a@b.example"}),
        event(NOON, Kind.EMAIL, "Email Bounced"),
        event(NOON, Kind.SEND, "bounced"),
    ][number]
    looking = after(ada, view(NOON - 1, lines=(line("shoe"),)), shipped.in_force(NOON).ears)
    for person in (ada, looking):
        now = after(person, happened, shipped.in_force(NOON).ears)
        assert (now.lists, now.asked) == (ada.lists, ada.asked)


def test_lists_are_merged_name_by_name_and_bounded() -> None:
    """Another list says nothing of the first; of too many the oldest goes."""
    assert merged(("a", "b"), {"c": True, "a": False, "d": "yes", "not a name": True}) == ("b", "c")
    assert merged(("a", "b"), {"a": True}) == ("b", "a")
    assert merged(("a",), ["b"]) == ("a",)
    many = merged((), {f"l{number}": True for number in range(MOST_LISTS + 5)})
    assert (len(many), many[0]) == (MOST_LISTS, "l5")


def test_the_facts_say_when_where_and_for_whom() -> None:
    """So that it can be explained afterwards."""
    (one,) = decisions(rule(text(f'at = {AT}\nthrottle = "2h"')), [*LISTED, at_home(NOON, TOKYO)])
    minutes = (one.at - AT_UTC + 9 * HOUR) // MINUTE
    assert {name: one.facts[name] for name in ("scheduled", "throttle", "list_spring", "zone", "zone_by")} == {
        "scheduled": AT,
        "throttle": "2h",
        "list_spring": "in",
        "zone": TOKYO,
        "zone_by": "device",
    }
    assert one.facts["local_time"] == f"{10 + minutes // 60}:{minutes % 60:02}"


@pytest.mark.parametrize(
    ("wrong", "key", "problem"),
    [
        (text("at = 2026-10-01"), "schedule.at", "date and a time"),
        (text('at = "2026-10-01T10:00:00"'), "schedule.at", "without quotes"),
        (text("at = 1826-10-01T10:00:00"), "schedule.at", "between 2000 and 2099"),
        (text('throttle = "2h"'), "schedule.at", "is missing"),
        (text(audience=""), "schedule.at", "to whom"),
        (text(audience="minimum_value = 5\n" + LIST), "audience.minimum_value", "cart"),
        (text(audience='list = "two words"'), "audience.list", "is not a name"),
        (text(more='[signal]\ntype = "subscribed"'), "signal.type", "waits for something"),
        (text().replace('"news"\n[courtesy]', '"news"\nafter = "1h"\n[courtesy]'), "steps.1.after", "schedule.at"),
    ],
)
def test_a_mistake_is_told_with_its_key(wrong: str, key: str, problem: str) -> None:
    """Before anything is submitted."""
    with pytest.raises(ConfigError, match=problem) as found:
        rule(wrong)
    assert found.value.key == key


@pytest.mark.parametrize(
    ("before", "now", "at", "asked_at_once", "asked_no_more"),
    [
        ("", text(), AT_UTC - 1, False, False),
        ("", text(), AT_UTC, False, False),
        ("", text(), AT_UTC + 1, True, False),
        ("", text(top='state = "paused"'), AT_UTC + 1, True, False),
        (text(), text(top="# mended"), AT_UTC - 1, False, False),
        (text(), text(top="# mended"), AT_UTC + 1, False, False),
        (text(), text(f"at = {AT}Z"), AT_UTC + 1, False, False),
        (text(f"at = {AT}Z"), text(f'at = {AT}Z\nthrottle = "300d"'), AT_UTC + 1, False, True),
        (text(f'at = {AT}Z\nthrottle = "300d"'), text(f"at = {AT}Z"), AT_UTC + 1, True, False),
        (text("at = 2026-09-01T10:00:00"), text(), AT_UTC + 1, True, False),
    ],
)
def test_another_timetable_asks_nobody_twice_and_whoever_it_comes_too_late_for_at_once(
    before: str, now: str, at: Millis, asked_at_once: bool, asked_no_more: bool
) -> None:
    """As published at `at`: a mended file, another throttle, a send that is new; an hour of its own first."""
    ada = Person("ada", NOON, lists=("spring",))
    old = rule(before).timetable(0) if before else Timetable((), rule().config.governor)
    moved = rule(now).timetable(0).moved(ada, ada, at, old)
    assert [(due.at, due.asked_at) for due in moved.dues] == ([(at, AT_UTC)] if asked_at_once else [])
    assert bool(moved.asked) == asked_no_more
    stranger = Person("ada", NOON)
    assert rule(now).timetable(0).moved(stranger, stranger, at, old).dues == ()


SENDS = (
    text(f'at = {AT}\nthrottle = "3h"', more='[[steps]]\ntemplate = "more"\nafter = "2d"'),
    text("at = 2026-10-01T23:30:00", 'segment = "new"').replace('"news"\n\n', '"night"\nquiet_hours = "skip"\n'),
    text("at = 2026-10-02T12:00:00Z", LIST + '\nnot_segment = "hot"').replace('"news"\n\n', '"flash"\n\n'),
)
NIGHT = '[quiet_hours]\nspread = "30min"\n[[cap]]\ncount = 1\nwithin = "20h"'


@st.composite
def travels(draw: st.DrawFn) -> list[Event]:
    """The stories of a cart, with lists, journeys, orders and erasures about the hours of the sends."""
    events = draw(stories())
    for number in range(draw(st.integers(1, 10))):
        at = NOON + draw(st.integers(0, 60)) * HOUR + draw(st.sampled_from([-1, 0, 0, 1, 7 * MINUTE]))
        more: dict[str, Any] = {"user": draw(st.sampled_from(["ada", "bob", "eve"])), "message_id": f"t{number}"}
        zone = draw(st.sampled_from([*HOUR_IN, "Pacific/Kiritimati", "Pacific/Pago_Pago"]))
        events.append(
            draw(
                st.sampled_from(
                    [
                        on(at, is_on=draw(st.booleans()), **more),
                        on(at, **more),
                        at_home(at, zone, **more),
                        at_home(at, zone, **more),
                        identify(at, {"country": draw(st.sampled_from(["US", "DE"]))}, **more),
                        order(at, "x", order_id="o1", total=1200, **more),
                        event(at, Kind.EMAIL, "Email Bounced", **more),
                    ]
                )
            )
        )
    return events


def all_told(events: Sequence[Event], tick: Millis = 1000, shards: int = 4) -> list[tuple[str, str]]:
    story = drive(rule(*SENDS, governor=NIGHT), events, stop_at=LONG_AFTER, tick=tick, shards=shards)
    assert story.states == {}
    return sorted(((one.user_id, repr(one)) for one in story.emitted), key=lambda pair: pair[0])


@settings(deadline=None, max_examples=60)
@given(travels(), st.data())
def test_neither_order_of_arrival_nor_duplicates_change_anything(events: list[Event], data: st.DataObject) -> None:
    """A retry may come under another time."""
    doubles = data.draw(st.lists(st.sampled_from(events), max_size=5))
    later = [msgspec.structs.replace(one, at=one.at + data.draw(st.integers(0, HOUR))) for one in doubles]
    assert all_told(data.draw(st.permutations([*events, *later]))) == all_told(events)


@settings(deadline=None, max_examples=60)
@given(travels(), st.sampled_from([1, 50, 60_000, HOUR, 7 * DAY]), st.integers(1, 5))
def test_neither_the_length_of_a_tick_nor_the_number_of_shards_changes_anything(
    events: list[Event], tick: Millis, shards: int
) -> None:
    """They are free choices of whoever runs the rules."""
    assert all_told(events, tick, shards) == all_told(events)


@settings(deadline=None, max_examples=150)
@given(travels())
def test_nobody_is_asked_twice_and_nobody_but_who_is_meant(events: list[Event]) -> None:
    """Read off the events, not off the rule's state: the list by the last word about it, one first answer each."""
    found = drive(rule(*SENDS, governor=NIGHT), events, stop_at=LONG_AFTER).emitted
    answers = [one for one in found if isinstance(one, Decision) and one.campaign in ("news", "flash", "night")]
    firsts = Counter((one.user_id, one.campaign) for one in answers if one.step == 1 and one.follows is None)
    assert set(firsts.values()) <= {1}
    assert len({one.decision_id for one in answers}) == len(answers)
    assert len({one.trigger_id for one in found if isinstance(one, Trigger)}) == sum(
        one.outcome == "send" for one in answers
    )
    for one in answers:
        if one.step == 1 and one.follows is None and one.campaign != "night":
            said = [
                told
                for told in events
                if told.user == one.user_id and told.at <= one.at and "lists" in (told.traits or {})
            ]
            assert max(said, key=lambda told: (told.at, told.message_id)).traits == {"lists": {"spring": True}}


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.integers(-20, 30), st.sampled_from([*HOUR_IN, "Pacific/Kiritimati"])), max_size=6))
def test_whoever_is_meant_all_along_is_asked_once_wherever_they_go(journeys: list[tuple[int, str]]) -> None:
    """Exactly once: at the first moment at which it was, or had been, ten o'clock where they then were."""
    moves = [at_home(AT_UTC + hour * HOUR, zone, message_id=f"{n}") for n, (hour, zone) in enumerate(journeys)]
    (one,) = decisions(rule(text(top='valid_for = "3d"')), [*LISTED, *moves])
    assert one.at == _first_ten_o_clock(moves)
    assert one.reason == "sent"


def _first_ten_o_clock(moves: list[Event]) -> Millis:
    """Minute by minute: the zone last told by then, and whether its clock has shown ten."""
    moves = sorted(moves, key=lambda one: (one.at, one.message_id))
    for at in range(AT_UTC - 30 * HOUR, AT_UTC + 40 * HOUR, MINUTE):
        zones = [one.context.timezone for one in moves if one.at <= at and one.context]
        ahead = {**{zone: -by for zone, by in HOUR_IN.items()}, "Pacific/Kiritimati": 14 * HOUR}
        if at + ahead[str(zones[-1]) if zones else "UTC"] >= AT_UTC:
            return at
    raise AssertionError("it is ten o'clock everywhere by then")


@settings(deadline=None, max_examples=60)
@given(travels(), st.sampled_from([HOUR, 13 * HOUR, 22 * HOUR, 26 * HOUR, 3 * DAY]))
def test_a_person_survives_being_stored_in_the_middle_of_it(events: list[Event], after: Millis) -> None:
    """What is remembered goes through msgpack and comes back equal."""
    stop_at = NOON + after
    there = [one for one in events if one.at <= stop_at]
    for person in drive(rule(*SENDS, governor=NIGHT), there, stop_at=stop_at).states.values():
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(person), type=Person) == person


def test_a_schedule_is_not_moved_by_another_campaign() -> None:
    """Both go on as if they were alone, but for the caps."""
    cart = 'name = "cart"\n[signal]\ntype = "cart_abandoned"\n[[steps]]\ntemplate = "cart_left"\n'
    events = [*LISTED, add(AT_UTC - 5 * MINUTE)]
    assert told(rule(text(), cart), *events) == [(AT_UTC, "sent"), (AT_UTC + 5 * MINUTE, "sent")]
    assert told(rule(text(), cart, governor=NIGHT), *events) == [(AT_UTC, "sent"), (AT_UTC + 5 * MINUTE, "capped")]


def test_a_schedule_says_itself_as_it_is_written() -> None:
    """In facts and sentences."""
    signals = [rule(text(f"at = {said}")).config.campaigns["news"].signal for said in (AT, f"{AT}Z")]
    assert [getattr(one, "text", None) for one in signals] == [AT, f"{AT}Z"]
    assert datetime.fromtimestamp(AT_UTC / 1000, UTC).isoformat() == f"{AT}+00:00"
