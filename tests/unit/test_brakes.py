"""What the brakes say and when they keep silent, with the topics in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cli.brake_watch import LIVE, BrakeMetrics, watch
from connectors.brake_feed import Fed
from tests.unit.customer import campaign_text, config
from tests.unit.test_order_silence import GAP, LAST, SILENT, busy, checkouts, ordered
from tests.unit.test_volume_brake import sent
from udfs.brakes import Brakes, Word
from udfs.campaigns import parse_campaign
from udfs.events import Event, Kind
from udfs.news import EVERYBODY, ORDERS_FLOW, ORDERS_SILENT, News
from udfs.outputs import Decision
from udfs.time import HOUR, MINUTE, SECOND, Millis

TEXT = campaign_text() + "[volume]\nhourly = 2\n"


def brakes(caps: str = "", text: str = TEXT) -> Brakes:
    made = config(text, caps=caps)
    return Brakes(made.governor, made.campaigns)


def mail(at: Millis, number: int, **facts: str) -> Decision:
    return sent(at, number, "cart_abandonment", **facts)


def news(action: str, at: Millis, name: str = "cart_abandonment", content: bytes | None = None) -> News:
    return News(Kind.CAMPAIGN, name, at, at, at, action, content)


class Topics:
    """Gives what it was made with, a second at a time, and hears what is said as Kafka would give it back."""

    def __init__(
        self, events: Iterable[Event], until: Millis, since: Millis, before: Sequence[News] = (), step: Millis = SECOND
    ) -> None:
        self.events = sorted(events, key=lambda one: one.at)
        self.decisions: list[Decision] = []
        self.news = list(before)
        self.words: list[Word] = []
        self.tide, self.until, self.step = since, until, step

    def catch_up(self) -> Iterator[Fed]:
        yield self._fed()

    def poll(self) -> Fed:
        self.tide += self.step
        return self._fed()

    def say(self, words: Sequence[Word], tide: Millis) -> None:
        self.words += words
        self.news += [news(word.action, self.tide, word.name) for word in words]

    def ended(self) -> bool:
        return self.tide >= self.until

    def _fed(self) -> Fed:
        now = [one for one in self.events if one.at <= self.tide]
        self.events = self.events[len(now) :]
        fed = Fed(self.news, self.decisions, now, self.tide)
        self.news, self.decisions = [], []
        return fed


def run(topics: Topics, by: Brakes | None = None) -> list[Word]:
    by = by or brakes()
    watch(topics, by, BrakeMetrics(), topics.ended)
    return topics.words


def test_silence_and_its_end_are_said_once_each() -> None:
    """However often it is looked."""
    flow = SILENT + 10 * MINUTE
    topics = Topics([*busy(), *checkouts(60), ordered(flow)], flow + MINUTE, LAST, step=10 * SECOND)
    silent, flows = run(topics)
    assert (silent.action, silent.name, silent.at) == (ORDERS_SILENT, EVERYBODY, SILENT)
    assert (flows.action, flows.name, flows.at) == (ORDERS_FLOW, EVERYBODY, flow)


def test_who_begins_in_the_middle_of_a_silence_knows_what_was_said() -> None:
    """And says what was not."""
    events = [*busy(), *checkouts(60)]
    said = [news(ORDERS_SILENT, SILENT, EVERYBODY)]
    assert run(Topics(events, SILENT + 2 * MINUTE, SILENT + MINUTE, said)) == []
    assert [word.action for word in run(Topics(events, SILENT + 2 * MINUTE, SILENT + MINUTE))] == [ORDERS_SILENT]
    over = [*events, ordered(SILENT + 30 * SECOND)]
    assert [word.action for word in run(Topics(over, SILENT + 2 * MINUTE, SILENT + MINUTE, said))] == [ORDERS_FLOW]


def test_orders_are_not_said_to_flow_by_whoever_knows_none() -> None:
    """The topic may have been cut."""
    assert run(Topics([], LAST + HOUR, LAST, [news(ORDERS_SILENT, SILENT, EVERYBODY)], step=MINUTE)) == []


def test_nothing_is_said_of_history_that_rushes_by() -> None:
    """It would be heard when it is over; what is still so when it slows down is said."""
    again = [ordered(SILENT + HOUR + number * GAP) for number in range(60)]
    rushing = Topics([*busy(), *checkouts(70), *again], SILENT + 2 * HOUR, LAST, step=LIVE + 1)
    assert run(rushing) == []


def test_a_campaign_that_runs_wild_is_paused_once() -> None:
    """Until somebody resumes it; then it is counted anew."""
    by, topics = brakes(), Topics([], LAST + MINUTE, LAST)
    topics.decisions = [mail(LAST + number, number) for number in range(9)]
    assert [(word.action, word.name) for word in run(topics, by)] == [("pause", "cart_abandonment")]
    assert "more than 6 mails in an hour, 2 rehearsed" in topics.words[0].cause
    by.heard(news("resume", LAST + 2 * MINUTE))
    for number in range(6):
        by.decided(mail(LAST + 3 * MINUTE, number))
    assert by.to_say(LAST + 3 * MINUTE) == []
    by.decided(mail(LAST + 3 * MINUTE, 99))
    assert [word.action for word in by.to_say(LAST + 3 * MINUTE)] == ["pause"]


def test_what_is_paused_already_and_what_is_long_over_is_not_paused() -> None:
    """Whoever paused it; after an hour the moment has passed."""
    for said, tide in (([news("pause", LAST)], LAST), ([], LAST + HOUR + 8)):
        by = brakes()
        for one in said:
            by.heard(one)
        for number in range(9):
            by.decided(mail(LAST + number, number))
        assert by.to_say(tide) == []


def test_a_published_file_says_anew_how_much_is_usual() -> None:
    """A bad one leaves the old number, one without takes the brake off."""
    cases = {TEXT.replace("hourly = 2", "hourly = 1"): 4, "name =": 7, campaign_text(): None}
    for text, braked_at in cases.items():
        by = brakes()
        by.heard(news("publish", LAST - 1, content=text.encode()))
        said = []
        for number in range(1, 20):
            by.decided(mail(LAST + number, number))
            said += [number] if by.to_say(LAST + number) else []
        assert (said[0] if said else None) == braked_at


def test_brakes_can_be_taken_off() -> None:
    """Nothing is counted, nothing is silent."""
    by = brakes('[brakes]\nvolume = 0\norder_silence = "0h"')
    topics = Topics([*busy(), *checkouts(60)], SILENT + MINUTE, LAST, step=MINUTE)
    topics.decisions = [mail(LAST + number, number) for number in range(99)]
    assert run(topics, by) == []


def test_metrics_show_where_things_stand() -> None:
    """What alerts.yml asks for."""
    metrics, topics = BrakeMetrics(), Topics([*busy(), *checkouts(60)], SILENT + MINUTE, LAST, step=10 * SECOND)
    watch(topics, brakes(), metrics, topics.ended)

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(name, labels)

    assert value("tidemark_orders_silent") == 1
    assert value("tidemark_usual_order_gap_seconds") == GAP / SECOND
    assert value("tidemark_seconds_since_order") == (topics.tide - LAST) / SECOND
    assert value("tidemark_brakes_total", action=ORDERS_SILENT, campaign=EVERYBODY) == 1
    assert value("tidemark_brakes_total", action="pause", campaign="cart_abandonment") == 0


def test_the_rehearsed_volume_is_a_key_of_the_file() -> None:
    """And nothing to do with the schedule."""
    assert parse_campaign(TEXT.encode(), "c.toml").hourly_volume == 2
    assert parse_campaign(campaign_text().encode(), "c.toml").hourly_volume is None
