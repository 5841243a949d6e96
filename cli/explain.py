"""explain: what happened to a person, and why they got a mail or none, in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from cli import exits
from cli.wording import clock_time, count, day
from udfs.time import DAY, Millis

if TYPE_CHECKING:
    from cli.story import Moment

RECENT = 2 * DAY
AT_MOST = 40
AT_LEAST = 10  # of what is kept, which tells of a decision and not of every look
RETOLD_AT_MOST = 100_000  # records of all input topics together; half of them are read, 40,000 to 60,000 a second

_OF_A_CAMPAIGN = ("no_mail", "decision", "sending", "ahead")


class Story(NamedTuple):
    """All moments of a person, how many doubled messages were dropped, and where the tide stands (ms).

    `at_least` so many moments are worth showing, however long ago they were.
    """

    moments: Sequence[Moment]
    doubled: int
    tide: Millis | None
    at_least: int = 0


def register(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    user: str = typer.Argument(help="Whom to explain, e.g. u_0412."),
    campaign: str = typer.Option(None, help="Only what this campaign decided."),
    at: str = typer.Option(None, metavar="TIME", help="As it stood then, e.g. 2026-10-12T14:15:00Z."),
    everything: bool = typer.Option(False, "--all", help="From the first event on, not only the last days."),
    retell: bool = typer.Option(None, "--retell/--no-retell", help="Read the topics again and tell every event."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Tell the last decisions about a person and what led to them."""
    from cli.submit import read_time

    until = read_time(at)
    told = whole_story(user, until, everything, retell)
    moments = of_campaign(told.moments, campaign)
    shown = moments if everything else recent(moments, told.at_least)
    if as_json:
        typer.echo(json.dumps([_plain(moment) for moment in shown]))
        return
    for line in lines(user, shown, len(moments) - len(shown), told.doubled, told.tide):
        typer.echo(line)


def whole_story(user: str, until: Millis | None, everything: bool, retell: bool | None) -> Story:
    """By reading the topics while they are small enough to be read in a moment, else from what is kept."""
    from cli.deployment import here
    from cli.kept import read_standing

    standing = read_standing(here()[1])
    if retell is None:
        retell = standing is None or standing.inputs <= RETOLD_AT_MOST
    return story_of(user, until) if retell else kept_story(user, until, everything)


def kept_story(user: str, until: Millis | None = None, everything: bool = False) -> Story:
    """The story from Redis and the archive, which costs the same however long the topics are."""
    from cli.archive import folder
    from cli.deployment import SubmittedJob, here
    from cli.kept import read_kept, read_profile
    from cli.kept_story import never_entered, tell_kept

    _, settings, deployment = here()
    kept = read_kept(settings, folder(), user, None if everything else (RECENT, AT_LEAST), until)
    profile, tide = read_profile(settings, user) if until is None else (None, until)
    moments = tell_kept(kept)
    if not moments and profile is None:
        exits.fail(f"Nothing is kept of {user!r}: `--retell` reads the topics themselves.", exits.NOT_FOUND)
    if profile is not None and tide is not None and kept.whole:
        from cli.campaign_standing import campaigns_at  # Kafka's client is a fifth of a second

        submitted = deployment.jobs.get("campaigns", SubmittedJob(""))
        campaigns = campaigns_at(settings, Path(submitted.config), tide)
        moments = [*moments, *never_entered(campaigns, kept, profile, tide)]
    return Story(moments, 0, tide, AT_LEAST)


def story_of(user: str, until: Millis | None = None) -> Story:
    """The story as the campaigns' rule tells it over the events of the topics, up to `until`."""
    from cli.deployment import SubmittedJob, here
    from cli.never_entered import of_moves, told
    from cli.retelling import retell
    from cli.story import Heard, tell
    from connectors.config_files import read_config
    from connectors.person_log import read_person
    from udfs.campaign_config import campaign_rule

    _, settings, deployment = here()
    log = read_person(settings, user)
    if not log.events:
        exits.fail(f"Nothing was ever heard of {user!r}: `./tidemark read cart` shows whom there is.", exits.NOT_FOUND)
    since, campaigns = deployment.live_from or 0, deployment.jobs.get("campaigns", SubmittedJob(""))
    rule = campaign_rule(read_config(Path(campaigns.config)), since, deployment.history_from or 0)
    tide = log.decided_to if until is None else min(log.decided_to, until)
    retelling = retell(rule, log.events, tide, log.news)
    heard = Heard(
        log.received,
        frozenset(decision["decision_id"] for decision in log.decisions),
        {send["trigger_id"]: (send["outcome"], send["reason"]) for send in log.sends},
    )
    moments = tell(retelling, rule.signals, heard, rule.timetable(tide))
    entered = {moment.facts["campaign"] for moment in moments if "campaign" in moment.facts}
    outside = told(rule.config.campaigns, entered, of_moves(retelling.moves, rule), tide)
    return Story([*moments, *outside], retelling.doubled, tide)


def of_campaign(moments: Sequence[Moment], campaign: str | None) -> Sequence[Moment]:
    """What happened, and of the decisions those of this campaign."""
    return [one for one in moments if campaign is None or one.facts.get("campaign", campaign) == campaign]


def recent(moments: Sequence[Moment], at_least: int = 0) -> Sequence[Moment]:
    """The last two days of a story, at most forty moments, and more days where that makes fewer than `at_least`."""
    if not moments:
        return moments
    last = max((moment.at for moment in moments if moment.kind != "standing"), default=0)
    shown = sum(moment.at > last - RECENT for moment in moments)
    return moments[-max(at_least, min(shown, AT_MOST)) :]


def lines(user: str, moments: Iterable[Moment], earlier: int, doubled: int, tide: Millis | None) -> Iterator[str]:
    """The story as it is printed, a day at a time; where several campaigns had a say, each is named."""
    moments = list(moments)
    several = len({moment.facts["campaign"] for moment in moments if moment.kind in _OF_A_CAMPAIGN}) > 1
    if earlier:
        yield f"{user}: {count(earlier, 'earlier moment')} left out (--all shows them)"
    for name, theirs in groupby(moments, key=lambda moment: day(moment.at)):
        yield f"{name} (UTC)"
        for moment in theirs:
            of = f"{moment.facts['campaign']}: " if several and moment.kind in _OF_A_CAMPAIGN else ""
            yield f"  {clock_time(moment.at):<8}  {of}{moment.text}"
    if doubled:
        yield f"({count(doubled, 'doubled message')} of theirs changed nothing)"
    if tide is not None:
        yield f"Decided up to {clock_time(tide)} on {day(tide)}."


def _plain(moment: Moment) -> dict[str, object]:
    return {"at": moment.at, "kind": moment.kind, "text": moment.text, "facts": dict(moment.facts)}
