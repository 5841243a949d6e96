"""A story says what people do and what a campaign must answer: read from TOML, and compared with what it did answer."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from udfs.config_error import ConfigError
from udfs.decisions import REASONS, SEND
from udfs.news import News
from udfs.outputs import Decision
from udfs.rehearsal_acts import ActError, Call, call_of, news_of
from udfs.time import DAY, MINUTE, Millis, parse_length
from udfs.zones import zone

OUTCOMES = ("send", "drop", "defer", "would_have_sent")
STORY_KEYS = frozenset({"name", "zone", "start", "campaigns", "given", "when", "then", "until"})
THEN_KEYS = frozenset({"at", "from", "to", "outcome", "reason", "step", "person", "campaign"})
PERSON = "ada"
START = datetime(2026, 10, 12, 12, tzinfo=UTC)  # a Monday
BEFORE = DAY  # what is given has happened so long before


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happens at `at` (ms), and the words of the story for it: a call in Segment's spec, or news."""

    at: Millis
    words: str
    call: Call | None
    news: News | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """One decision, somewhere from `begin` up to and including `end` (ms)."""

    begin: Millis
    end: Millis
    outcome: str
    reason: str
    step: int
    person: str
    campaign: str | None

    def fits(self, told: Decision) -> bool:
        return (
            self.begin <= told.at <= self.end
            and (self.outcome, self.reason, self.step) == (told.outcome, told.reason, told.step)
            and self.person == told.user_id
            and self.campaign in (None, told.campaign)
        )


@dataclass(frozen=True, slots=True)
class Story:
    """The campaigns named decide together, and nobody else; the clock stops at `until` (ms)."""

    file: str
    name: str
    zone: ZoneInfo
    campaigns: tuple[str, ...]
    moments: tuple[Moment, ...]
    expected: tuple[Expected, ...]
    until: Millis


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came and was not expected, and what was expected and did not come; a story without either holds."""

    surprises: tuple[Decision, ...]
    missing: tuple[Expected, ...]

    @property
    def holds(self) -> bool:
        return not self.surprises and not self.missing


def compare(story: Story, told: Iterable[Decision]) -> Verdict:
    """Every decision must be expected once, and every expected one must come."""
    missing, surprises = list(story.expected), []
    for decision in sorted(told, key=lambda one: (one.at, one.user_id, one.campaign, one.step)):
        fitting = next((one for one in missing if one.fits(decision)), None)
        if fitting is None:
            surprises.append(decision)
        else:
            missing.remove(fitting)
    return Verdict(tuple(surprises), tuple(missing))


def read_stories(content: bytes, file: str, campaign: str) -> list[Story]:
    """The stories of a file about `campaign`; ConfigError says what is wrong and where."""
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ConfigError(file, "", f"is not TOML: {problem}", "Each story begins with [[story]]") from None
    if table.keys() != {"story"} or not isinstance(table["story"], list):
        raise ConfigError(file, "", "has something beside [[story]], or no story", "Write [[story]] before each")
    return [_Reader(file, number, told, campaign).story() for number, told in enumerate(table["story"], 1)]


class _Reader:
    """One table [[story]]; every complaint names it by its number and key."""

    def __init__(self, file: str, number: int, told: Mapping[str, Any], campaign: str) -> None:
        self.file, self.where, self.told, self.campaign = file, f"story.{number}", told, campaign
        self._known(told, STORY_KEYS, "")
        self.zone = self._zone(told.get("zone", "UTC"))
        self.start = self._instant(told.get("start", START), "start", 0)

    def story(self) -> Story:
        name = self.told.get("name")
        if not isinstance(name, str):
            raise self._wrong("name", "is missing", "Say in a few words what the story is about")
        given = [self._moment(told, f"given.{n}", n, self.start - BEFORE) for n, told in self._list("given")]
        when = [self._moment(told, f"when.{n}", len(given) + n, self.start) for n, told in self._list("when")]
        moments = sorted((*given, *when), key=lambda moment: moment.at)
        last = max((moment.at for moment in moments), default=self.start)
        until = self._instant(self.told["until"], "until", self.start) if "until" in self.told else last + 3 * DAY
        campaigns = tuple(self.told.get("campaigns", (self.campaign,)))
        expected = tuple(self._expected(told, f"then.{n}") for n, told in self._list("then"))
        return Story(self.file, name, self.zone, campaigns, tuple(moments), expected, until)

    def _list(self, key: str) -> list[tuple[int, Mapping[str, Any]]]:
        found = self.told.get(key, [] if key == "given" else None)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._wrong(key, "is not a list of tables", f"Write {key} = [{{ ... }}, ...], or [] for nothing")
        return list(enumerate(found, 1))

    def _moment(self, told: Mapping[str, Any], key: str, number: int, otherwise: Millis) -> Moment:
        said = dict(told)
        at = self._instant(said.pop("at"), f"{key}.at", self.start) if "at" in said else otherwise
        words = ", ".join(f"{name} {_shown(value)}" for name, value in said.items() if name != "person")
        try:
            if news := news_of(said, at, number):
                return Moment(at, words, None, news)
            person = str(said.pop("person", PERSON))
            call = call_of(said, person, at, self.zone.key if "zone" in self.told else None)
        except ActError as problem:
            raise self._wrong(key, str(problem), "See docs/rehearsal.md") from None
        call["messageId"] = f"{self.where}.{key}"
        return Moment(at, words if person == PERSON else f"{person}: {words}", call)

    def _expected(self, told: Mapping[str, Any], key: str) -> Expected:
        self._known(told, THEN_KEYS, f"{key}.")
        outcome = told.get("outcome")
        if outcome not in OUTCOMES:
            raise self._wrong(f"{key}.outcome", f"{outcome!r} is none", f"One of {', '.join(OUTCOMES)}")
        reason = told.get("reason", "sent" if outcome == SEND else None)
        if reason not in REASONS:
            raise self._wrong(f"{key}.reason", f"{reason!r} is none", f"One of {', '.join(sorted(REASONS))}")
        begin, end = told.get("from", told.get("at")), told.get("to", told.get("at"))
        return Expected(
            self._instant(begin, f"{key}.at", self.start),
            self._instant(end, f"{key}.at", self.start),
            str(outcome),
            str(reason),
            int(told.get("step", 1)),
            str(told.get("person", PERSON)),
            told.get("campaign"),
        )

    def _instant(self, said: object, key: str, start: Millis) -> Millis:
        """A length counts from the start; a date and time without a zone is local."""
        if isinstance(said, str):
            try:
                return start + parse_length(said.removeprefix("+"))
            except ValueError as problem:
                raise self._wrong(key, str(problem), "Or write a date and time without quotes") from None
        if isinstance(said, datetime):
            return int((said if said.tzinfo else said.replace(tzinfo=self.zone)).timestamp() * 1000)
        hint = 'Write a length since the start, such as "9min", or 2026-10-12T23:10:00'
        raise self._wrong(key, "is missing" if said is None else f"{_shown(said)} is no time", hint)

    def _zone(self, name: object) -> ZoneInfo:
        found = zone(name) if isinstance(name, str) else None
        if found is None:
            raise self._wrong("zone", f"{name!r} is not a time zone", 'Write an IANA name, such as "Europe/Berlin"')
        return found

    def _known(self, told: Mapping[str, Any], keys: frozenset[str], prefix: str) -> None:
        for key in told:
            if key not in keys:
                raise self._wrong(f"{prefix}{key}", "is not a known key", f"Known are {', '.join(sorted(keys))}")

    def _wrong(self, key: str, problem: str, hint: str) -> ConfigError:
        return ConfigError(self.file, f"{self.where}.{key}", problem, hint)


def time_line(story: Story, verdict: Verdict, told: Sequence[Decision]) -> list[str]:
    """All that happened and was decided in its order, in local time; what was not to be is marked."""
    rows = [(moment.at, 0, " ", moment.words) for moment in story.moments]
    for decision in told:
        surprise = decision in verdict.surprises
        words = f"{decision.outcome} ({decision.reason}), step {decision.step} of {decision.campaign}"
        rows.append((decision.at, 1, ">" if surprise else " ", words + ("   <- not expected" if surprise else "")))
    for one in verdict.missing:
        words = f"{one.outcome} ({one.reason}), step {one.step}   <- expected"
        until = f", until {_clock(one.end, story)}" if one.end > one.begin else ""
        rows.append((one.begin, 2, ">", f"{words}{until}, and did not come"))
    return [f"{mark} {_clock(at, story)}  {words}" for at, _, mark, words in sorted(rows, key=lambda row: row[:2])]


def _clock(at: Millis, story: Story) -> str:
    moment = datetime.fromtimestamp(at / 1000, story.zone)
    return moment.strftime("%a %Y-%m-%d %H:%M" if at % MINUTE == 0 else "%a %Y-%m-%d %H:%M:%S")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(inner)}" for name, inner in value.items())
    if isinstance(value, list):
        return " and ".join(map(_shown, value))
    return (
        value.isoformat() if isinstance(value, date) else str(value).lower() if isinstance(value, bool) else str(value)
    )
