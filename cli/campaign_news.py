"""What is to be done to campaigns becomes records of the topic `campaigns`, if it may be done and changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cli import exits
from cli.campaign_standing import Standing, standing
from cli.servers import asked
from connectors.news_log import tell
from connectors.settings import Settings
from connectors.wire import Record
from udfs.campaigns import ENDED, LIVE, PAUSED
from udfs.events import Kind
from udfs.news import News, NewsRefused
from udfs.published import END, PAUSE, PUBLISH, RESUME, read_change
from udfs.time import Millis

_STATE_AFTER = {PAUSE: PAUSED, RESUME: LIVE, END: ENDED}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done to a campaign; the rest is said only of one that is published."""

    name: str
    action: str
    content: bytes | None = None
    file: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A wish that changes something, from `effective_at` (ms) on; `note` is what a person should know about it."""

    wish: Wish
    effective_at: Millis
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written, and why the rest was not."""

    done: tuple[Done, ...]
    unchanged: tuple[str, ...]


def carry_out(settings: Settings, folder: Path, wishes: Sequence[Wish], since: Millis | None, write: bool) -> Outcome:
    """Write what changes something, all of it or nothing; ends the command where something may not be done."""
    with asked(settings):
        stands = standing(settings, folder)
        at = _present(stands, since)
        unchanged = [why for wish in wishes if (why := _already(stands, wish, since))]
        done = [_done(stands, wish, at, since) for wish in wishes if not _already(stands, wish, since)]
        if write and done:
            tell(settings.kafka, settings.namespace, [_record(one.wish, at, since) for one in done])
    return Outcome(tuple(done), tuple(unchanged))


def _present(stands: Standing, since: Millis | None) -> Millis:
    """The time in which the deployment lives, which a record is stamped with: only the inputs' tide will pass it."""
    at = stands.now if stands.now is not None else since
    if at is None:
        exits.fail(
            "The input topics have told nothing yet, so nobody knows what time it is there: say --effective-at.",
            exits.INPUT,
        )
    return at


def _already(stands: Standing, wish: Wish, since: Millis | None) -> str | None:
    """Why there is nothing to be done, where that is so at once."""
    now, later = stands.in_force().campaigns.get(wish.name), stands.in_the_end().campaigns.get(wish.name)
    if since is not None or now is None or now != later:
        return None
    if wish.action == PUBLISH:
        return f"{wish.name}: this version is in force already" if now.version == wish.version else None
    state = _STATE_AFTER[wish.action]
    return f"{wish.name} is {state} already" if now.state == state else None


def _done(stands: Standing, wish: Wish, at: Millis, since: Millis | None) -> Done:
    effective_at = max(at, since or at)
    news = News(Kind.CAMPAIGN, wish.name, at, effective_at, 0, wish.action, wish.content, wish.file)
    try:
        read_change(news, stands.files.without_drafts())
    except NewsRefused as why:
        exits.fail(f"error: {why}. Nothing is published.", exits.INPUT)
    known = stands.in_the_end().campaigns
    if wish.action != PUBLISH and wish.name not in known:
        if wish.name in stands.files.campaigns:
            exits.fail(f"{wish.name} is a draft, which no job runs: publish it with another state.", exits.INPUT)
        exits.fail(f"There is no campaign {wish.name!r}. There are: {', '.join(sorted(known))}.", exits.NOT_FOUND)
    return Done(wish, effective_at, _note(stands, wish))


def _note(stands: Standing, wish: Wish) -> str | None:
    before = stands.in_the_end().campaigns.get(wish.name)
    if wish.action == PUBLISH and before and before.state in (PAUSED, ENDED):
        return f"{wish.name} is {before.state} and stays so until `campaign resume {wish.name}`"
    return None


def _record(wish: Wish, at: Millis, since: Millis | None) -> Record:
    said = {"name": wish.name, "action": wish.action, "content": wish.content, "file": wish.file}
    return {**said, "effective_at": since, "timestamp": at}
