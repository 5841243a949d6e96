"""The loop from trigger to mail, with a journal in memory and a mail server that does as it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from kafka.consumer.fetcher import ConsumerRecord
from msgspec.structs import replace as with_fields

from connectors import wire
from render_service.desk import Desk
from render_service.journal import Journal
from render_service.ledger import Ledger
from render_service.mail import Mail
from render_service.metrics import Metrics
from render_service.post import Answer, MailServer, Verdict
from render_service.sends import BOUNCED, CLAIMED, NOT_SENT, RELEASED, SENT, UNKNOWN, Send, send
from render_service.service import POSTPONED_S, Service
from render_service.versions import Versions
from tests.unit.mail_makers import AT, trigger
from udfs.outputs import Trigger

TAKEN = Answer(Verdict.TAKEN)
REFUSED = Answer(Verdict.REFUSED, "550 no such mailbox")
LATER = Answer(Verdict.LATER, "450 mailbox busy")
IN_DOUBT = Answer(Verdict.IN_DOUBT, "SMTPServerDisconnected")


class MemoryJournal:
    """What Kafka would hold: triggers to come, `sends`, and the offset that a restart begins at."""

    def __init__(self, *triggers: Trigger | bytes) -> None:
        self.records = [_record(offset, one) for offset, one in enumerate(triggers)]
        self.sends: list[Send] = []
        self.beats: list[int | None] = []
        self.position = 0
        self.offset = 0
        self._taken = 0
        self._held: set[int] = set()

    def past(self) -> list[Send]:
        return list(self.sends)

    def poll(self) -> list[ConsumerRecord]:
        polled, self.position = self.records[self.position :], len(self.records)
        return polled

    def took(self, record: ConsumerRecord) -> None:
        self._taken = max(self._taken, record.offset + 1)
        self._held.discard(record.offset)

    def hold(self, record: ConsumerRecord) -> None:
        self._held.add(record.offset)

    def write(self, sends: list[Send]) -> None:
        self.sends += sends
        self.offset = min({self._taken, *self._held})

    def lag(self) -> int:
        return 0

    def beat(self, tide: int | None) -> None:
        self.beats.append(tide)

    def restarted(self) -> MemoryJournal:
        again = MemoryJournal()
        again.records, again.sends, again.position, again._taken = self.records, self.sends, self.offset, self.offset
        return again


class ToldServer:
    """Gives its answers in turn, then takes everything; `away` says how often it cannot be reached first."""

    def __init__(self, *answers: Answer, away: int = 0) -> None:
        self.answers = list(answers)
        self.away = away
        self.mails: list[str] = []
        self.crash_at: int | None = None

    def reach(self) -> Answer:
        self.away -= 1
        return Answer(Verdict.LATER, "refused") if self.away >= 0 else TAKEN

    def deliver(self, mail: Mail) -> Answer:
        if self.crash_at == len(self.mails):
            raise KeyboardInterrupt
        answer = self.answers.pop(0) if self.answers else TAKEN
        if answer.verdict in (Verdict.TAKEN, Verdict.IN_DOUBT):
            self.mails.append(mail.message_id)
        return answer

    def hang_up(self) -> None:
        pass


class SimpleDesk:
    """A mail for everybody but those whom `refuses` names."""

    class tide:  # noqa: N801 - stands for the desk's Tide
        now = AT

        @staticmethod
        def look() -> int:
            return AT

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.looks = 0

    def weigh(self, of: Trigger) -> Mail | Send:
        self.looks += 1
        if of.user_id == self.refuses:
            return send(of, NOT_SENT, "converted", AT)
        return Mail(f"<{of.trigger_id}@x>", "s@x.example", "a@x.example", b"")


def service(journal: MemoryJournal, server: ToldServer, desk: SimpleDesk | None = None, **more: Any) -> Service:
    stopped: Callable[[], bool] = more.pop("stopped", lambda: False)
    made = Service(
        cast(Journal, journal),
        cast(Desk, desk or SimpleDesk()),
        cast(MailServer, server),
        Ledger(Versions({})),
        more.pop("metrics", None) or Metrics(),
        stopped,
        more.pop("unwritten", []),
        **{"sleep": lambda _: None, **more},
    )
    made.remember()
    return made


def told(journal: MemoryJournal) -> list[tuple[str, str, str]]:
    return [(one.trigger_id, one.outcome, one.reason) for one in journal.sends]


def some(*ids: str) -> list[Trigger]:
    return [with_fields(trigger(), trigger_id=one, user_id=f"user of {one}") for one in ids]


def _record(offset: int, one: Trigger | bytes) -> ConsumerRecord:
    value = one if isinstance(one, bytes) else wire.encode("triggers", one)
    fields = dict.fromkeys(ConsumerRecord._fields)
    return ConsumerRecord(
        **{**fields, "topic": "triggers", "partition": 0, "offset": offset, "key": b"k", "value": value}
    )


def test_once_a_second_the_service_tells_how_far_sends_is_complete() -> None:
    """After the mails of that turn, by the tide and not by the wall clock."""
    journal, now = MemoryJournal(*some("a")), [0.0]
    working = service(journal, ToldServer(), clock=lambda: now[0])
    for now[0] in (0.0, 0.5, 1.1):
        working.work()
    assert journal.beats == [AT, AT]


def test_a_mail_is_claimed_before_it_goes_out() -> None:
    """The claim is in Kafka when the mail server hears the first word."""
    journal, server = MemoryJournal(*some("a")), ToldServer()
    server.crash_at = 0
    with pytest.raises(KeyboardInterrupt):
        service(journal, server).work()
    assert told(journal) == [("a", UNKNOWN, CLAIMED)]


def test_an_outcome_follows_each_claim() -> None:
    """And the trigger's offset goes with it."""
    journal, server = MemoryJournal(*some("a")), ToldServer()
    service(journal, server).work()
    assert told(journal) == [("a", UNKNOWN, CLAIMED), ("a", SENT, "sent")]
    assert journal.offset == 1


def test_the_same_trigger_twice_gives_one_mail() -> None:
    """In one poll, and after a restart."""
    journal, server = MemoryJournal(*some("a", "a", "b")), ToldServer()
    service(journal, server).work()
    journal.records += [_record(3, some("a")[0])]
    again = journal.restarted()
    service(again, server).work()
    assert server.mails == ["<a@x>", "<b@x>"]
    assert again.offset == 4


def test_a_refused_recipient_is_an_outcome_and_the_next_one_is_served() -> None:
    """With what the server said."""
    journal, server = MemoryJournal(*some("a", "b")), ToldServer(REFUSED)
    service(journal, server).work()
    assert ("a", BOUNCED, "550 no such mailbox") in told(journal)
    assert server.mails == ["<b@x>"]


def test_a_last_look_that_says_no_is_an_outcome() -> None:
    """Nothing is claimed, and the reason is kept."""
    journal, server = MemoryJournal(*some("a", "b")), ToldServer()
    service(journal, server, SimpleDesk(refuses="user of a")).work()
    assert told(journal)[0] == ("a", NOT_SENT, "converted")
    assert server.mails == ["<b@x>"]


def test_a_mail_server_that_is_away_is_waited_for_and_the_look_taken_anew() -> None:
    """While nothing can be sent, nothing is claimed; who orders meanwhile gets no mail."""
    journal, server, desk = MemoryJournal(*some("a")), ToldServer(away=5), SimpleDesk()
    pauses: list[float] = []
    service(journal, server, desk, sleep=pauses.append).work()
    assert server.mails == ["<a@x>"]
    assert desk.looks == 6
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2]


def test_a_busy_mailbox_holds_up_nobody() -> None:
    """It is tried again later; until then a restart comes back to it."""
    now = [0.0]
    journal, server = MemoryJournal(*some("a", "b")), ToldServer(LATER)
    served = service(journal, server, clock=lambda: now[0])
    served.work()
    assert server.mails == ["<b@x>"]
    assert ("a", UNKNOWN, RELEASED) in told(journal)
    assert journal.offset == 0
    now[0] = POSTPONED_S
    served.work()
    assert server.mails == ["<b@x>", "<a@x>"]
    assert journal.offset == 2


def test_a_busy_mailbox_survives_a_restart() -> None:
    """What was held back is taken up again, what was sent is not sent again."""
    journal, server = MemoryJournal(*some("a", "b")), ToldServer(LATER)
    service(journal, server).work()
    service(journal.restarted(), server).work()
    assert server.mails == ["<b@x>", "<a@x>"]


@pytest.mark.parametrize("crash_at", range(4))
def test_a_crash_leaves_at_most_one_mail_unknown(crash_at: int) -> None:
    """Every mail goes out once; the one in hand at the crash is listed and not sent again."""
    journal, server = MemoryJournal(*some("a", "b", "c", "d")), ToldServer()
    server.crash_at = crash_at
    dying = service(journal, server)
    written = journal.write
    with pytest.raises(KeyboardInterrupt):
        _die(dying, journal)
    journal.write = written  # type: ignore[method-assign]
    server.crash_at = None
    metrics, again = Metrics(), journal.restarted()
    service(again, server, metrics=metrics).work()
    lost = "abcd"[crash_at]
    assert server.mails == [f"<{one}@x>" for one in "abcd" if one != lost]
    # One transaction holds the outcome of the mail before and the claim of the next: only the one in hand is lost.
    assert metrics.registry.get_sample_value("tidemark_mails_unknown") == 1


def _die(dying: Service, journal: MemoryJournal) -> None:
    """Work until the crash, which writes nothing more."""
    write = journal.write

    def until_crash(sends: list[Send]) -> None:
        if sends and sends[-1].reason == CLAIMED:
            write(sends)

    journal.write = until_crash  # type: ignore[method-assign]
    dying.work()


def test_a_line_that_breaks_at_the_end_leaves_the_outcome_unknown() -> None:
    """The mail may have gone out; marketing is not sent a second time on a guess."""
    journal, server = MemoryJournal(*some("a")), ToldServer(IN_DOUBT)
    service(journal, server).work()
    service(journal.restarted(), server).work()
    assert server.mails == ["<a@x>"]
    assert told(journal)[-1] == ("a", UNKNOWN, "SMTPServerDisconnected")


def test_garbage_among_the_triggers_stops_nothing() -> None:
    """It is counted and passed by."""
    metrics = Metrics()
    journal, server = MemoryJournal(b"\x00garbage", some("a")[0], b""), ToldServer()
    service(journal, server, metrics=metrics).work()
    assert server.mails == ["<a@x>"]
    assert metrics.registry.get_sample_value("tidemark_triggers_unreadable_total") == 2


def test_being_told_to_stop_while_waiting_claims_nothing() -> None:
    """What waits for the mail server is taken up by the next start."""
    answers = iter([False, False, True])
    journal, server = MemoryJournal(*some("a")), ToldServer(away=100)
    service(journal, server, stopped=lambda: next(answers, True)).run()
    assert told(journal) == []
    assert journal.offset == 0


def test_outcomes_that_kafka_did_not_take_are_written_by_the_next_service() -> None:
    """A broker that goes away after a mail went out must not make its outcome unknown."""
    unwritten = [send(some("a")[0], SENT, "sent", AT)]
    journal = MemoryJournal()
    service(journal, ToldServer(), unwritten=unwritten).work()
    assert told(journal) == [("a", SENT, "sent")]
    assert unwritten == []
