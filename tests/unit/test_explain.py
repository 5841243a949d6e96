"""What `explain` says of a person: exact, in order, and also where nothing was ever decided."""

from __future__ import annotations

from typing import Any

import msgspec

from cli.explain import lines, recent
from cli.never_entered import of_moves
from cli.never_entered import told as never_entered
from cli.retelling import retell
from cli.story import Heard, Moment, tell
from cli.wording import about, clock_time, count, money
from connectors.config_files import read_config
from connectors.person_log import PersonLog
from udfs.campaign_config import campaign_rule
from udfs.decisions import Entry, trigger_id
from udfs.events import Event, Kind, Line
from udfs.time import DAY, HOUR, MINUTE, SECOND, Millis

TWO: Millis = 1_791_813_720_000  # Monday 2026-10-12 14:02 UTC
CART = "cart_abandonment"


def event(at: Millis, kind: Kind, name: str, **said: Any) -> Event:
    return Event("u", at, kind, name, f"{name} {at}", **said)


def consent(at: Millis, willing: bool = True) -> Event:
    return event(at, Kind.PROFILE, "identify", traits={"consent": {"marketing": willing}, "email": "u@example.com"})


def add(at: Millis, name: str = "Fountain Pen", price: int = 3200, **said: Any) -> Event:
    line = Line(name.lower(), price=price, name=name)
    return event(at, Kind.CART, "Product Added", cart_id="c", lines=(line,), currency="EUR", **said)


def order(at: Millis, **said: Any) -> Event:
    return event(at, Kind.ORDER, "Order Completed", cart_id="c", total=5400, currency="EUR", **said)


def look(at: Millis, **said: Any) -> Event:
    return event(at, Kind.CLICK, "Product Viewed", **said)


def story(*events: Event, tide: Millis = TWO + 3 * DAY, heard: Heard | None = None, live_from: Millis = 0) -> list[str]:
    """`14:02 what happened` for every moment."""
    return [
        f"{clock_time(moment.at)} {moment.text}"
        for moment in moments(*events, tide=tide, heard=heard, live_from=live_from)
    ]


def moments(
    *events: Event, tide: Millis = TWO + 3 * DAY, heard: Heard | None = None, live_from: Millis = 0
) -> list[Moment]:
    rule = campaign_rule(read_config(), live_from, 0)
    retelling = retell(rule, events, tide)
    decided = frozenset(decision.decision_id for move in retelling.moves for decision in move.decisions)
    return tell(retelling, rule.signals, heard or Heard(decided=decided))


def test_whoever_orders_a_second_before_the_deadline_gets_no_mail_and_is_told_so() -> None:
    """The line that the demo promises; no decision was ever taken, for the spell was over before."""
    told = story(
        consent(TWO - HOUR),
        add(TWO - 2 * SECOND, "Breakwater Bowl", 2200),
        add(TWO),
        order(TWO + 10 * MINUTE - SECOND),
        tide=TWO + HOUR,
    )
    assert told[1:] == [
        "14:01:58 put Breakwater Bowl into the cart (1 item, 22.00 EUR)",
        "14:02 put Fountain Pen into the cart (2 items, 54.00 EUR)",
        "14:11:59 order of 54.00 EUR",
        "14:12 no mail: ordered 1 s before the deadline",
    ]


def test_an_order_that_arrived_after_the_deadline_shows_what_a_timer_would_not_have_known() -> None:
    """The whole point of waiting for the tide, in one person's story."""
    bought = order(TWO + 10 * MINUTE - SECOND)
    heard = Heard(received={bought.message_id: TWO + 11 * MINUTE})
    told = story(consent(TWO - HOUR), add(TWO), bought, heard=heard, tide=TWO + HOUR)
    assert told[-2] == "14:11:59 order of 54.00 EUR (arrived 61 s later, at 14:13)"
    assert told[-1].endswith(
        "ordered 1 s before the deadline (a timer would not have known: the order arrived at 14:13)"
    )


def test_an_order_at_the_deadline_itself_still_counts() -> None:
    """The last moment belongs to the customer."""
    told = story(consent(TWO - HOUR), add(TWO), order(TWO + 10 * MINUTE), tide=TWO + HOUR)
    assert told[-1] == "14:12 no mail: ordered at the deadline itself"


def test_a_cart_that_was_left_is_told_with_its_mail_and_what_became_of_it() -> None:
    """Decision and sending are two things."""
    sends = {trigger_id("u", Entry(CART, "c", TWO), 1): ("sent", "sent")}
    told = moments(consent(TWO - HOUR), add(TWO), tide=TWO + HOUR, heard=Heard(sends=sends, decided=frozenset()))
    assert [moment.kind for moment in told[-3:]] == ["decision", "sending", "ahead"]
    assert told[-3].text.startswith("mail: 1 item left behind, 32.00 EUR; 10 min without a sign of life")
    assert told[-2].text == "sent"
    assert told[-1].text == "a reminder is due then"


def test_a_decision_that_is_not_on_the_topic_yet_is_told_as_such() -> None:
    """What the rule says and what the job has said are kept apart."""
    told = moments(consent(TWO - HOUR), add(TWO), tide=TWO + HOUR, heard=Heard())
    assert told[-2].text.endswith("(the campaigns job has not said so yet)")


def test_a_mail_held_at_the_last_look_says_why() -> None:
    """Ordered between the decision and the sending."""
    sends = {trigger_id("u", Entry(CART, "c", TWO), 1): ("not_sent", "converted")}
    told = story(consent(TWO - HOUR), add(TWO), tide=TWO + HOUR, heard=Heard(sends=sends))
    assert "14:12 not sent at the last look: ordered meanwhile" in told


def test_reasons_are_sentences() -> None:
    """Nobody should have to know the closed list."""
    cases = {
        "no mail: said no to marketing mail": (consent(TWO, False), add(TWO)),
        "no mail: never said yes to such mail": (add(TWO),),
        "no mail: ordered at 13:02, within the last 24 h": (consent(TWO), order(TWO - HOUR), add(TWO)),
    }
    for expected, events in cases.items():
        assert f"14:12 {expected}" in story(*events, tide=TWO + HOUR)


def test_a_reminder_that_was_overtaken_says_by_what() -> None:
    """Converted and superseded, each with its moment."""
    bought = story(consent(TWO), add(TWO), order(TWO + HOUR))
    changed = story(consent(TWO), add(TWO), add(TWO + HOUR, "Little Cups"), tide=TWO + 25 * HOUR)
    assert "14:12 no reminder: ordered at 15:02 on Monday 2026-10-12, after the first mail" in bought
    assert "14:12 no reminder: changed the cart at 15:02 on Monday 2026-10-12, after the first mail" in changed
    assert "15:12 no mail: had one at 14:12; one in 7 days is enough" in changed


def test_a_cart_that_another_ones_mail_shows_says_so() -> None:
    """At the same instant, and by the reminder that is to come."""
    pen, cups = add(TWO), msgspec.structs.replace(add(TWO + MINUTE, "Little Cups"), cart_id="d")
    both = story(consent(TWO - HOUR), pen, cups, tide=TWO + HOUR)
    assert "14:13 mail: 2 items left behind in 2 carts, 64.00 EUR; 10 min without a sign of life" in both
    assert "14:13 no mail: the mail of 14:13 about another cart showed this one, too" in both
    later = story(consent(TWO - HOUR), pen, msgspec.structs.replace(cups, at=TWO + 30 * MINUTE), tide=TWO + HOUR)
    shown_in = "the reminder of 14:12 on Tuesday 2026-10-13 about another cart shows this one, too"
    assert f"14:42 no mail: {shown_in}" in later


def test_before_the_campaign_was_live_nothing_went_out() -> None:
    """History is told as history."""
    told = story(consent(TWO), add(TWO), tide=TWO + HOUR, live_from=TWO + HOUR)
    assert told[-1] == "14:12 no mail: it would have gone out, but the campaign was not live before 15:02"


def test_looks_that_follow_each_other_are_one_sentence() -> None:
    """A story, not a log."""
    told = story(look(TWO), look(TWO + MINUTE), look(TWO + 2 * MINUTE), consent(TWO + HOUR))
    assert told[0] == "14:02 looked around (3 pages, until 14:04)"


def test_a_late_event_is_told_where_it_counts() -> None:
    """Effective time is the time of the story; the word says that it is not the event's own."""
    told = story(consent(TWO), add(TWO), order(TWO + 9 * MINUTE, late=True), tide=TWO + HOUR)
    assert "14:11 order of 54.00 EUR (told so late that the tide had passed: counts from here on)" in told


def test_nothing_is_told_beyond_the_tide_but_what_the_clock_will_bring() -> None:
    """Nothing is decided on what is not known."""
    told = moments(consent(TWO), add(TWO), order(TWO + 5 * MINUTE), tide=TWO + 2 * MINUTE)
    assert [moment.kind for moment in told] == ["event", "event", "ahead"]
    assert told[-1].at == TWO + 10 * MINUTE


def test_what_a_run_decided_beyond_the_last_event_is_told() -> None:
    """`submit --until-end --run-on 48h` decides the reminder, though the tide stands where the events end."""
    assert PersonLog(tide=TWO).decided_to == TWO
    assert PersonLog(tide=TWO, decisions=[{"at": TWO + DAY}, {"at": TWO - DAY}]).decided_to == TWO + DAY


def test_a_doubled_message_changes_nothing_and_is_counted() -> None:
    """As in the jobs."""
    rule = campaign_rule(read_config(), 0, 0)
    retelling = retell(rule, [add(TWO), add(TWO), consent(TWO)], TWO + MINUTE)
    assert retelling.doubled == 1
    assert len(retelling.moves) == 2


def standings(*events: Event, tide: Millis = TWO + 3 * DAY, minimum: int = 0) -> list[str]:
    """What is said of the campaigns that never asked; all shipped ones are live."""
    files = dict(read_config())
    files["campaigns/cart_abandonment.toml"] += f"\n[audience]\nminimum_value = {minimum}\n".encode()
    rule = campaign_rule(files, 0, 0, drafts=True)
    retelling = retell(rule, events, tide)
    entered = {one.facts["campaign"] for one in tell(retelling, rule.signals, Heard()) if "campaign" in one.facts}
    known = of_moves(retelling.moves, rule)
    return [moment.text for moment in never_entered(rule.config.campaigns, entered, known, tide)]


def test_of_campaigns_that_never_asked_it_is_said_why() -> None:
    """Each by its own signal; what is under way or decided is told elsewhere."""
    assert standings(look(TWO), consent(TWO + 1, False)) == [
        "browse_abandonment: did not enter: said no to marketing mail, and only looks of those who did are followed",
        "cart_abandonment: did not enter: nothing is in their cart",
        "newsletter: did not enter: it is set for 2027-03-02T10:00:00",
        "order_followup: did not enter: no order is known",
        "welcome: did not enter: said no to marketing mail",
        "win_back: did not enter: never came into the segment lapsing",
    ]
    assert standings(consent(TWO), add(TWO), order(TWO + DAY)) == [
        "browse_abandonment: did not enter: looked at no product",
        "newsletter: did not enter: it is set for 2027-03-02T10:00:00",
        "win_back: did not enter: never came into the segment lapsing",
    ]


def test_a_cart_that_is_worth_too_little_did_not_enter() -> None:
    """With both numbers, once the deadline has asked."""
    files = dict(read_config())
    files["campaigns/cart_abandonment.toml"] += b"\n[audience]\nminimum_value = 2000\n"
    rule = campaign_rule(files, 0, 0)
    told = tell(retell(rule, [consent(TWO), add(TWO, "Pin", 1200)], TWO + HOUR), rule.signals, Heard())
    assert told[-1].text.startswith("did not enter: cart worth 12.00 EUR, the campaign asks 20.00 EUR")


def test_a_campaign_without_a_cart_is_told_in_its_own_words() -> None:
    """Nobody changed a cart where an order was given back, and a second welcome reminds of nothing."""
    rule = campaign_rule(read_config(), 0, 0, drafts=True)
    bought = event(TWO, Kind.ORDER, "Order Completed", order_id="o", total=100, currency="EUR", lines=(Line("pen"),))
    back = event(TWO + DAY, Kind.ORDER, "Order Refunded", order_id="o")
    events = [consent(TWO - 30 * DAY), bought, back]

    def told(tide: Millis) -> list[str]:
        decided = frozenset(one.decision_id for move in retell(rule, events, tide).moves for one in move.decisions)
        return [one.text for one in tell(retell(rule, events, tide), rule.signals, Heard(decided=decided))]

    assert "no mail: the order was cancelled or given back at 14:02 on Tuesday 2026-10-13, before it was due" in told(
        TWO + 20 * DAY
    )
    assert "a mail is due then" in told(TWO + HOUR)
    assert "mail 2: welcome" in told(TWO)


def test_no_personal_data_is_told() -> None:
    """The id is all that is needed."""
    assert "example.com" not in "".join(story(consent(TWO), add(TWO)))


def test_the_page_groups_by_day_and_says_what_it_leaves_out() -> None:
    """Two weeks of history do not bury the last hour."""
    told = moments(consent(TWO - 10 * DAY), add(TWO), tide=TWO + HOUR)
    shown = recent(told)
    page = list(lines("u", shown, len(told) - len(shown), 2, TWO + HOUR))
    assert page[0] == "u: 1 earlier moment left out (--all shows them)"
    assert page[1] == "Monday 2026-10-12 (UTC)"
    assert page[2] == "  14:02     put Fountain Pen into the cart (1 item, 32.00 EUR)"
    assert page[-2:] == ["(2 doubled messages of theirs changed nothing)", "Decided up to 15:02 on Monday 2026-10-12."]


def test_lengths_and_amounts_are_written_as_people_write_them() -> None:
    """One place for it, so that no two sentences differ."""
    assert [about(length) for length in (400, SECOND, 81 * SECOND, 5 * MINUTE, 3 * HOUR, 7 * DAY)] == [
        "0.4 s",
        "1 s",
        "81 s",
        "5 min",
        "3 h",
        "7 days",
    ]
    assert money(5400, "EUR") == "54.00 EUR"
    assert money(5400, "JPY") == "5400 JPY"
    assert count(1, "item") == "1 item"


NEWS = b"""
name = "news"
[schedule]
at = 2026-10-13T10:00:00
[audience]
list = "spring"
[[steps]]
template = "newsletter"
"""


def of_news(*events: Event, tide: Millis = TWO + 3 * DAY, news: bytes = NEWS) -> list[str]:
    rule = campaign_rule({"campaigns/news.toml": news}, 0, 0)
    retelling = retell(rule, events, tide)
    decided = frozenset(decision.decision_id for move in retelling.moves for decision in move.decisions)
    told = tell(retelling, rule.signals, Heard(decided=decided), rule.timetable(0))
    return [f"{clock_time(moment.at)} {moment.text}" for moment in told if moment.kind != "event"]


def on_list(at: Millis, **more: Any) -> Event:
    return event(at, Kind.PROFILE, "identify", traits={"lists": {"spring": True}, **more})


def test_a_scheduled_mail_is_told_with_the_time_that_was_set_and_the_clock_where_they_are() -> None:
    """Nine o'clock in Berlin is eight by UTC, which is what the story counts in."""
    asked = [consent(TWO - HOUR), on_list(TWO, timezone="Europe/Berlin")]
    sentence = "08:00 mail: news, set for 2026-10-13 10:00 where they are (it was 10:00 in Europe/Berlin)"
    assert of_news(*asked) == [sentence]
    assert of_news(*asked, tide=TWO + HOUR) == ["08:00 news is decided then"]
    fixed = NEWS.replace(b"10:00:00", b"10:00:00Z")
    assert of_news(*asked, news=fixed) == ["10:00 mail: news, set for 2026-10-13 10:00 UTC"]


def test_whoever_was_not_asked_is_told_why() -> None:
    """No decision was ever taken about them; the list by then is what counts."""
    assert of_news(consent(TWO)) == ["10:00 not asked about news: not on the list spring then"]
    late = on_list(TWO + 2 * DAY)
    assert of_news(consent(TWO), late) == ["10:00 not asked about news: not on the list spring then"]
    assert of_news(consent(TWO), tide=TWO + HOUR) == []


def test_being_put_on_a_list_is_told_by_its_name() -> None:
    """And being taken off it."""
    off = event(TWO + HOUR, Kind.PROFILE, "identify", traits={"lists": {"spring": False, "autumn": True}})
    assert [text.partition(" ")[2] for text in story(consent(TWO - HOUR), on_list(TWO), off)[1:]] == [
        "was put on the list spring",
        "was put on the list autumn, was taken off the list spring",
    ]


def test_taken_off_the_list_while_it_was_held_is_told_in_words() -> None:
    """It was decided about, so the decision says it."""
    night = NEWS.replace(b"10:00:00", b"22:00:00")
    rule = campaign_rule({"campaigns/news.toml": night, "governor.toml": b'[quiet_hours]\nspread = "0min"\n'}, 0, 0)
    off = event(TWO + 36 * HOUR, Kind.PROFILE, "identify", traits={"lists": {"spring": False}})
    retelling = retell(rule, [consent(TWO - HOUR), on_list(TWO), off], TWO + 3 * DAY)
    told = tell(retelling, rule.signals, Heard(), rule.timetable(0))
    assert [moment.text.partition(" (the")[0] for moment in told if moment.kind == "decision"] == [
        "mail put off to 08:00 on Wednesday 2026-10-14: it was 22:00 in UTC",
        "did not enter: not on the list spring",
    ]
