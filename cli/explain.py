"""explain: what happened to a person, and why they got a mail or none, in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli import exits
from cli.wording import clock_time, count, day
from udfs.time import DAY, Millis

if TYPE_CHECKING:
    from cli.story import Moment

RECENT = 2 * DAY
AT_MOST = 40


def register(app: typer.Typer) -> None:
    app.command()(explain)


def explain(
    user: str = typer.Argument(help="Whom to explain, e.g. u_0412."),
    everything: bool = typer.Option(False, "--all", help="From the first event on, not only the last days."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Tell the last decisions about a person and what led to them."""
    moments, doubled, tide = story_of(user)
    shown = moments if everything else recent(moments)
    if as_json:
        typer.echo(json.dumps([_plain(moment) for moment in shown]))
        return
    for line in lines(user, shown, len(moments) - len(shown), doubled, tide):
        typer.echo(line)


def story_of(user: str) -> tuple[Sequence[Moment], int, Millis | None]:
    """All moments of a person, how many doubled messages were dropped, and where the tide stands."""
    from cli.deployment import SubmittedJob, here
    from cli.retelling import retell
    from cli.story import Heard, tell
    from connectors.config_files import read_config
    from connectors.person_log import read_person
    from udfs.campaign_config import campaign_rule

    _, settings, deployment = here()
    log = read_person(settings, user)
    if not log.events:
        exits.fail(f"Nothing was ever heard of {user!r}: `./tidemark read cart` shows whom there is.", exits.NOT_FOUND)
    assert log.tide is not None
    since, campaigns = deployment.live_from or 0, deployment.jobs.get("campaigns", SubmittedJob(""))
    rule = campaign_rule(read_config(Path(campaigns.config)), since, deployment.history_from or 0)
    retelling = retell(rule, log.events, log.tide)
    heard = Heard(
        log.received,
        frozenset(decision["decision_id"] for decision in log.decisions),
        {send["trigger_id"]: (send["outcome"], send["reason"]) for send in log.sends},
    )
    signals = {name: campaign.signal for name, campaign in rule.config.campaigns.items()}
    return tell(retelling, signals, heard), retelling.doubled, log.tide


def recent(moments: Sequence[Moment]) -> Sequence[Moment]:
    """The last two days of a story, at most forty moments."""
    if not moments:
        return moments
    last = moments[-1].at
    return [moment for moment in moments if moment.at > last - RECENT][-AT_MOST:]


def lines(user: str, moments: Iterable[Moment], earlier: int, doubled: int, tide: Millis | None) -> Iterator[str]:
    """The story as it is printed, a day at a time."""
    if earlier:
        yield f"{user}: {count(earlier, 'earlier moment')} left out (--all shows them)"
    for name, theirs in groupby(moments, key=lambda moment: day(moment.at)):
        yield f"{name} (UTC)"
        for moment in theirs:
            yield f"  {clock_time(moment.at):<8}  {moment.text}"
    if doubled:
        yield f"({count(doubled, 'doubled message')} of theirs changed nothing)"
    if tide is not None:
        yield f"Decided up to {clock_time(tide)} on {day(tide)}."


def _plain(moment: Moment) -> dict[str, object]:
    return {"at": moment.at, "kind": moment.kind, "text": moment.text, "facts": dict(moment.facts)}
