"""The render service on real Kafka, Valkey and SMTP: one mail a trigger, whatever is killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from aiosmtpd.controller import Controller

from connectors import broker, wire
from connectors.profile_store import ProfileStore
from connectors.shards import shard_of
from connectors.topics import full_name
from local_stack import topic_set
from local_stack.addresses import ROOT, Addresses
from local_stack.mail import Catcher
from render_service.outbox import numbers, read_mail
from tests.unit.mail_makers import AT, item, trigger
from tests.unit.valkey import free_port
from udfs.outputs import Trigger

pytestmark = pytest.mark.stack
SHARDS = 4
PATIENCE_S = 120
KILLS = 3

Fields = dict[str, str | int | float]


class Room:
    """A namespace on the stack with a mail catcher and a render service of its own."""

    def __init__(self, stack: Addresses, folder: Path) -> None:
        self.stack = stack
        self.namespace = f"render-{uuid4().hex[:6]}"
        self.outbox = folder / "outbox"
        self.log = folder / "render.log"
        self.smtp = free_port()
        self.web = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.catcher: Controller | None = None
        topic_set.create(stack.kafka, self.namespace, "replay")

    def open_post_office(self) -> None:
        self.catcher = Controller(Catcher(self.outbox), hostname="127.0.0.1", port=self.smtp)
        self.catcher.start()

    def close_post_office(self) -> None:
        if self.catcher is not None:
            self.catcher.stop()
            self.catcher = None

    def start(self) -> None:
        environment = {
            "TIDEMARK_KAFKA": self.stack.kafka,
            "TIDEMARK_REDIS": self.stack.redis,
            "TIDEMARK_NAMESPACE": self.namespace,
            "TIDEMARK_SMTP": f"127.0.0.1:{self.smtp}",
            "TIDEMARK_RENDER": f"127.0.0.1:{self.web}",
            "TIDEMARK_OUTBOX": str(self.outbox),
            "TIDEMARK_OUTBOX_PAGES": str(self.outbox.parent / "pages"),
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "render_service"], cwd=ROOT, env={**os.environ, **environment}, stderr=log
            )

    def end(self, how: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(60)
        self.process = None
        return code

    def know(self, users: list[str]) -> None:
        """Profiles as the job writes them; every tenth has ordered, every next does not consent or is refused."""
        store = ProfileStore(self.stack.redis, self.namespace, SHARDS)
        for shard in range(SHARDS):
            store.write_tick(shard, AT, {user: _fields(user) for user in users if shard_of(user, SHARDS) == shard}, {})
        store.close()

    def tell(self, triggers: list[Trigger], abort: bool = False) -> None:
        """Triggers in one transaction, as the job's sink writes them."""
        writer = broker.producer(self.stack.kafka, transactional_id=f"{self.namespace}-{uuid4().hex}")
        writer.init_transactions()
        writer.begin_transaction()
        for one in triggers:
            topic = full_name("triggers", self.namespace)
            writer.send(topic, key=one.user_id.encode(), value=wire.encode("triggers", one), timestamp_ms=one.at)
        writer.flush()
        writer.abort_transaction() if abort else writer.commit_transaction()
        writer.close()

    def mails(self) -> Counter[str]:
        read = (read_mail(self.outbox, number) for number in numbers(self.outbox))
        return Counter(mail.trigger_id for mail in read if mail is not None)

    def answers(self) -> dict[str, tuple[str, str]]:
        """The last word on each trigger."""
        found = {}
        for record in broker.read_to_end(self.stack.kafka, [full_name("sends", self.namespace)]):
            read = wire.decode(record.value, "sends")
            assert isinstance(read, tuple)
            found[str(read[1]["trigger_id"])] = (str(read[1]["outcome"]), str(read[1]["reason"]))
        return found

    def wait_until(self, what: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.2)

    def leave(self) -> None:
        self.close_post_office()
        if self.process is not None:
            self.end(signal.SIGKILL)


def _fields(user: str) -> Fields:
    last = int(user[1:]) % 10
    place = "refused.example" if last == 9 else "example.org"
    fields: Fields = {"trait_first_name": "Ada", "consent_marketing": "true", "trait_email": f"{user}@{place}"}
    return (
        fields
        | ({"last_completed_at": AT + 1} if last == 7 else {})
        | ({"consent_marketing": "false"} if last == 8 else {})
    )


def triggers_for(users: list[str]) -> list[Trigger]:
    return [trigger(item(), user_id=user, trigger_id=f"trigger-{user}") for user in users]


@pytest.fixture
def room(stack: Addresses, tmp_path: Path) -> Iterator[Room]:
    room = Room(stack, tmp_path)
    yield room
    room.leave()


def test_every_trigger_gets_one_answer_through_kills(room: Room) -> None:
    """kill -9 three times: no mail twice, each that is missing is listed as unknown, at most one a kill."""
    users = [f"u{number}" for number in range(120)]
    room.know(users)
    room.tell([*triggers_for(users), *triggers_for(users[:30])])
    room.open_post_office()
    for _ in range(KILLS):
        before = len(room.mails())
        room.start()
        room.wait_until(lambda before=before: len(room.mails()) >= before + 10)  # type: ignore[misc]
        room.end(signal.SIGKILL)
    room.start()
    room.wait_until(lambda: len(room.answers()) == len(users))
    assert room.end(signal.SIGTERM) == 0
    answers, mails = room.answers(), room.mails()
    assert max(mails.values()) == 1
    kinds = Counter(outcome for outcome, _ in answers.values())
    assert kinds["unknown"] <= KILLS
    assert kinds["bounced"] + kinds["unknown"] >= 12
    assert {one for one, (outcome, _) in answers.items() if outcome == "sent"} <= set(mails)
    assert Counter(reason for outcome, reason in answers.values() if outcome == "not_sent") == {
        "converted": 12,
        "no_consent": 12,
    }
    assert (room.outbox.parent / "pages" / "index.html").is_file()


def test_triggers_of_an_aborted_checkpoint_are_not_mailed(room: Room) -> None:
    """What the job took back was never decided."""
    room.know(["u1", "u2"])
    room.tell(triggers_for(["u1"]), abort=True)
    room.tell(triggers_for(["u2"]))
    room.open_post_office()
    room.start()
    room.wait_until(lambda: "trigger-u2" in room.answers())
    assert set(room.mails()) == {"trigger-u2"}


def test_a_mail_server_that_opens_late_gets_every_mail(room: Room) -> None:
    """Down means wait, not skip."""
    users = ["u1", "u2", "u3"]
    room.know(users)
    room.tell(triggers_for(users))
    room.start()
    room.wait_until(lambda: "mail_server_away" in room.log.read_text())
    assert room.answers() == {}
    room.open_post_office()
    room.wait_until(lambda: len(room.answers()) == 3)
    assert room.mails() == {f"trigger-{user}": 1 for user in users}


def test_a_second_service_shuts_out_the_first(room: Room) -> None:
    """Two at once would answer the same triggers; Kafka lets only the newer one write."""
    users = ["u1", "u2"]
    room.know(users)
    room.open_post_office()
    room.start()
    room.wait_until(lambda: "serving" in room.log.read_text())
    first, room.process = room.process, None
    room.web = free_port()
    room.start()
    room.wait_until(lambda: room.log.read_text().count("serving") == 2)
    room.tell(triggers_for(users))
    room.wait_until(lambda: len(room.mails()) == 2)
    assert first is not None
    try:
        assert first.wait(PATIENCE_S) == 1
    finally:
        first.kill()
        first.wait()
    assert room.mails() == {"trigger-u1": 1, "trigger-u2": 1}
