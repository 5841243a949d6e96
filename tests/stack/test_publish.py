"""Campaigns are published, paused and ended while the job runs: within seconds, and a replay sees the same."""

from __future__ import annotations

import json
import shutil
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from connectors.config_files import read_config
from connectors.topics import KEPT
from connectors.wire import decode, encode
from local_stack.addresses import ROOT, Addresses
from local_stack.drills import oracle
from local_stack.drills.heart import heartbeats
from local_stack.drills.report import wait
from local_stack.drills.scene import PATIENCE_S, CommandError
from local_stack.drills.witness import Witness
from tests.calls import MUG, call, sent
from tests.disturb import Sent
from tests.stack.place import Place
from udfs.time import SECOND, Millis

pytestmark = pytest.mark.stack

NAME = "cart_abandonment"
WAIT: Millis = 2 * SECOND
EFFECT: Millis = 10 * SECOND


def test_campaigns_change_in_the_running_job(stack: Addresses, tmp_path: Path) -> None:
    """A new version, a bad one, a pause, an end; a restart knows them, and the memory driver decides the same."""
    place = Place.on(stack, "publish", "live", tick="1s", checkpoint_interval="1s", shards="4")
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    write(folder / "campaigns" / f"{NAME}.toml")
    with ExitStack() as open_things:
        enter = open_things.enter_context
        enter(heartbeats(place, *(topic.name for topic in KEPT)))
        decided = enter(Witness(place, "decisions", isolation_level="read_uncommitted"))
        place.submit("campaigns", 0, folder)
        shop = Shop(place, decided)
        first = shop.reason_and_version()

        new = write(tmp_path / "new.toml", "priority = 77")
        published = one(place, "publish", str(new))
        shop.until(lambda version, _: version != first[1], published["at"], WAIT)
        assert shop.reason_and_version() == ("no_consent", published["version"])
        with pytest.raises(CommandError, match=r"bad\.toml:1: prioriti: is not a known key"):
            one(place, "publish", str(write(tmp_path / "bad.toml", "prioriti = 3")))
        place.send([bad_record(place)])
        place.wait_for_committed("dead-letters", 1)

        place.tidemark("stop", "campaigns", "--savepoint")
        place.tidemark("submit", "campaigns", "--from", "latest", "--config", str(folder))
        assert shop.reason_and_version() == ("no_consent", published["version"])

        paused = one(place, "pause", NAME)
        shop.until(lambda _, reason: reason == "paused", paused["at"])
        one(place, "resume", NAME)
        one(place, "end", NAME)
        listed = json.loads(place.tidemark("campaign", "list", "--json"))
        shop.until(lambda _, reason: reason == "campaign_ended")
        place.wait_for_decisions(decided.count())
        place.tidemark("stop", "campaigns", "--savepoint")
    print(f"in effect after {shop.delays} ms")
    assert max(shop.delays) <= EFFECT
    (row,) = (row for row in listed["campaigns"] if row["name"] == NAME)
    assert (row["state"], row["version"], row["file"]) == ("ended", published["version"], first[1])
    assert [refused["why"] for refused in listed["refused"]] == [letter["detail"] for letter in letters(place)]
    compare(place, folder)


def write(path: Path, top: str = "") -> Path:
    """A short campaign that waits seconds."""
    step = '[[steps]]\ntemplate = "cart_left"\n'
    path.write_text(f'{top}\nname = "{NAME}"\n[signal]\ntype = "cart_abandoned"\nwait = "{WAIT}ms"\n{step}')
    return path


def one(place: Place, *words: str) -> dict[str, Any]:
    """What `campaign ...` has done, and when the command was over (ms of the wall clock)."""
    (done,) = json.loads(place.tidemark("campaign", *words, "--json"))
    assert done["written"] is True
    return {**done, "at": time.time_ns() // 1_000_000}


def bad_record(place: Place) -> Sent:
    """Somebody wrote it past the command line."""
    at = time.time_ns() // 1_000_000
    said = {"name": NAME, "action": "publish", "content": b"name = 3", "file": "bad.toml", "timestamp": at}
    return Sent("campaigns", f"{NAME}:bad".encode(), encode("campaigns", said), at)


def letters(place: Place) -> list[dict[str, Any]]:
    found = place.records("dead-letters")
    assert [letter["reason"] for letter in found] == ["bad_news"]
    return found


class Shop:
    """Leaves a cart twice a second, each of somebody new who never said yes, and looks at what is decided."""

    def __init__(self, place: Place, decided: Witness) -> None:
        self._place, self._decided = place, decided
        self._carts = 0
        self.delays: list[Millis] = []

    def reason_and_version(self) -> tuple[str, str]:
        """Of the decision on the next cart."""
        user = self._leave()
        wait(lambda: user in self._of_users(), PATIENCE_S, f"a decision on {user}", every=0.1)
        reason, version = self._of_users()[user]
        return reason, version

    def until(self, found: Any, since: Millis | None = None, wait: Millis = 0) -> None:
        """Go on until a decision (version, reason) is as it should be; how long after `since` is noted, but for the
        `wait` of a cart that was left right then."""
        seen: list[bool] = []
        deadline = time.monotonic() + PATIENCE_S
        while not seen and time.monotonic() < deadline:
            self._leave()
            time.sleep(0.5)
            seen = [True for reason, version in self._of_users().values() if found(version, reason)]
        assert seen
        if since is not None:
            self.delays.append(time.time_ns() // 1_000_000 - since - wait)

    def _leave(self) -> str:
        self._carts += 1
        user, at = f"u{self._carts}", time.time_ns() // 1_000_000
        cart = call("Product Added", at, user, f"m{self._carts}", cart_id="c", currency="EUR", **MUG)
        self._place.send([sent(cart)])
        return user

    def _of_users(self) -> dict[str, tuple[str, str]]:
        read = [decode(value, "decisions") for value in self._decided.seen.copy().values()]
        return {told[1]["user_id"]: (told[1]["reason"], told[1]["version"]) for told in read if isinstance(told, tuple)}


def compare(place: Place, folder: Path) -> None:
    """The memory driver over the same log decides the same, as far as the job has come."""
    log, found = oracle.read_log(place), oracle.committed_rows(place, "decisions", "triggers")
    reached = max(map(oracle.moment, found))
    story = oracle.campaigns(log, 0, reached, read_config(folder))
    assert oracle.difference(found, oracle.rows(story.emitted)) == ""
    assert len(story.refused) == 1
