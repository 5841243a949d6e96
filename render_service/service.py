"""The loop from trigger to mail: look, claim, send, record; nothing that comes in may hold up what comes next.

triggers ──► last look ──► claim ──► mail server ──► outcome
                 └── why not ──────────────────────────┴──► sends
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from kafka.consumer.fetcher import ConsumerRecord

from connectors import wire
from connectors.rejected import Rejected
from connectors.topics import HEARTBEAT_KEY
from render_service.desk import Desk
from render_service.journal import Journal
from render_service.ledger import Ledger
from render_service.mail import Mail
from render_service.metrics import Metrics
from render_service.post import Answer, MailServer, Verdict
from render_service.sends import BOUNCED, CLAIMED, NOT_SENT, RELEASED, SENT, UNKNOWN, Send, send
from udfs.outputs import Trigger

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
POSTPONED_S = 30.0
BEAT_S = 1.0

log = logging.getLogger(__name__)


class StoppedError(Exception):
    """The service was told to stop while it waited; what it waited for is still to be done."""


class Postponed(NamedTuple):
    """A trigger whose mail the server would not take yet; `due` by the service's clock."""

    due: float
    trigger: Trigger
    record: ConsumerRecord


class Service:
    """Works through triggers in order. One transaction a mail: the outcome of the last with the claim of the next.

    `unwritten` are outcomes that Kafka did not take yet; the list outlives a service that lost its broker.
    """

    def __init__(
        self,
        journal: Journal,
        desk: Desk,
        server: MailServer,
        ledger: Ledger,
        metrics: Metrics,
        stopped: Callable[[], bool],
        unwritten: list[Send],
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._journal = journal
        self._desk = desk
        self._server = server
        self._ledger = ledger
        self._metrics = metrics
        self._stopped = stopped
        self._sleep = sleep
        self._clock = clock
        self._unwritten = unwritten
        self._postponed: list[Postponed] = []
        self._beat_at = -BEAT_S

    def run(self) -> None:
        """Serve until stopped; what has been sent by then is recorded."""
        self.remember()
        try:
            while not self._stopped():
                self.work()
        except StoppedError:
            pass
        finally:
            self._server.hang_up()

    def remember(self) -> None:
        """Read what was answered before, and tell of what a crash left unknown."""
        for one in (*self._journal.past(), *self._unwritten):
            self._ledger.note(one)
        unknown = self._ledger.unknown()
        self._metrics.unknown.set(len(unknown))
        for trigger_id in unknown:
            log.warning("outcome_unknown trigger=%s; a crash came between its claim and its outcome", trigger_id)

    def work(self) -> None:
        """Take what has come in, and answer all of it."""
        try:
            for record in self._journal.poll():
                self._take(record)
            self._try_again()
        finally:
            # Also on the way out: an outcome that is known must not become unknown.
            self._write()
        self._metrics.lag.set(self._journal.lag())
        self._beat()

    def _beat(self) -> None:
        """Once a second, and only between mails: what has been answered lies on `sends` by then."""
        if self._clock() - self._beat_at >= BEAT_S:
            self._beat_at = self._clock()
            self._journal.beat(self._desk.tide.look())

    def _take(self, record: ConsumerRecord) -> None:
        trigger = _read(record)
        if trigger is None and record.key != HEARTBEAT_KEY:
            self._metrics.garbage.inc()
            log.warning("not_a_trigger partition=%d offset=%d", record.partition, record.offset)
        if trigger is None:
            self._journal.took(record)
            return
        self._metrics.triggers.inc()
        with self._metrics.answer_seconds.time():
            self._answer(trigger, record)

    def _try_again(self) -> None:
        now = self._clock()
        due = [one for one in self._postponed if one.due <= now]
        self._postponed = [one for one in self._postponed if one.due > now]
        for one in due:
            self._answer(one.trigger, one.record)

    def _answer(self, trigger: Trigger, record: ConsumerRecord) -> None:
        if self._ledger.knows(trigger.trigger_id):
            self._metrics.repeated.inc()
            self._journal.took(record)
            return
        weighed = self._weigh_when_reachable(trigger)
        self._journal.took(record)
        if isinstance(weighed, Send):
            self._note(weighed)
            return
        self._note(send(trigger, UNKNOWN, CLAIMED, self._desk.tide.now, weighed.message_id))
        self._write()
        self._record(trigger, record, weighed, self._server.deliver(weighed))

    def _weigh_when_reachable(self, trigger: Trigger) -> Mail | Send:
        """While the server is away nothing is claimed, and each look is a new one."""
        pause = FIRST_PAUSE_S
        while True:
            if self._stopped():
                raise StoppedError
            weighed = self._desk.weigh(trigger)
            if isinstance(weighed, Send) or (answer := self._server.reach()).verdict is Verdict.TAKEN:
                return weighed
            self._metrics.retries.inc()
            log.warning("mail_server_away said=%r pause=%.1f", answer.said, pause)
            self._sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _record(self, trigger: Trigger, record: ConsumerRecord, mail: Mail, answer: Answer) -> None:
        outcome, reason = {
            Verdict.TAKEN: (SENT, "sent"),
            Verdict.REFUSED: (BOUNCED, answer.said),
            Verdict.IN_DOUBT: (UNKNOWN, answer.said),
            Verdict.LATER: (UNKNOWN, RELEASED),
        }[answer.verdict]
        if answer.verdict is Verdict.LATER:
            # Others need not wait for this mailbox. Its offset stays open, so a restart does not forget it.
            self._metrics.retries.inc()
            log.warning("mail_postponed trigger=%s said=%r", trigger.trigger_id, answer.said)
            self._postponed.append(Postponed(self._clock() + POSTPONED_S, trigger, record))
            self._journal.hold(record)
        self._note(send(trigger, outcome, reason, self._desk.tide.now, mail.message_id))

    def _note(self, one: Send) -> None:
        self._ledger.note(one)
        self._unwritten.append(one)
        if one.reason not in (CLAIMED, RELEASED):
            kind = one.reason.partition(":")[0] if one.outcome == NOT_SENT else one.outcome
            self._metrics.mails.labels(one.outcome, kind).inc()

    def _write(self) -> None:
        self._journal.write(self._unwritten)
        self._unwritten.clear()


def _read(record: ConsumerRecord) -> Trigger | None:
    read = wire.decode(record.value, "triggers")
    if isinstance(read, Rejected):
        return None
    try:
        return msgspec.convert(read[1], Trigger)
    except msgspec.ValidationError:
        return None
