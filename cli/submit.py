"""submit and stop: jobs on the cluster."""

from __future__ import annotations

import enum
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import typer

from cli import exits
from local_stack.addresses import ROOT
from udfs.time import Millis, parse_length

POLL_S = 0.5


class JobName(enum.StrEnum):
    PROFILES = "profiles"
    CAMPAIGNS = "campaigns"


def register(app: typer.Typer) -> None:
    app.command()(submit)
    app.command()(stop)


def submit(
    job: JobName,
    live_from: str = typer.Option(None, metavar="TIME|beginning", help="Signals before it are only recorded."),
    until_end: bool = typer.Option(False, "--until-end", help="Read to the offsets of now, then end."),
    run_on: str = typer.Option("0s", help="With --until-end: let the clock run on so long, as in 48h."),
    restore: str = typer.Option(None, "--from", metavar="latest|PATH", help="Go on from a checkpoint or savepoint."),
    write_after: str = typer.Option(None, metavar="latest|TIME", help="Write nothing again up to there."),
    config: Path = typer.Option(ROOT / "config", help="Folder of campaigns, segments and scores."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Hand a job to the Flink cluster; with --until-end wait until it has read everything."""
    from cli.submission import LATEST, Wish, submit

    if until_end and restore:
        exits.fail("--until-end reads the log from its beginning, so it cannot go on --from somewhere.", exits.USAGE)
    if restore and write_after:
        exits.fail("--write-after reads the log from its beginning, so it cannot go on --from somewhere.", exits.USAGE)
    behind = LATEST if write_after == "latest" else read_time(write_after)
    wish = Wish(job.value, read_time(live_from), until_end, read_length(run_on), restore, behind, config)
    number = submit(wish)
    state = wait_finished(job.value, number) if until_end else "RUNNING"
    typer.echo(json.dumps({"job": job.value, "id": number, "state": state}) if as_json else number)
    if state != "RUNNING" and state != "FINISHED":
        raise typer.Exit(exits.JOB_FAILED)


def stop(
    job: JobName,
    savepoint: bool = typer.Option(False, "--savepoint", help="Write a savepoint first and print its path."),
) -> None:
    """Stop a job; its newest checkpoint stays, and `submit JOB --from latest` goes on from there."""
    import msgspec

    from cli.deployment import Deployment, here, update_deployment
    from connectors.flink_rest import Cluster, FlinkError

    addresses, settings, deployment = here()
    submitted = deployment.jobs.get(job.value)
    if submitted is None:
        exits.fail(f"{job.value} was never submitted here.", exits.NOT_FOUND)
    cluster = Cluster(addresses.flink_rest)
    try:
        path = cluster.stop_with_savepoint(submitted.id) if savepoint else None
        if not savepoint:
            cluster.cancel(submitted.id)
    except FlinkError as error:
        exits.fail(f"{job.value} was not stopped: {error}", exits.JOB_FAILED)

    def stopped(latest: Deployment) -> Deployment:
        jobs = {**latest.jobs, job.value: msgspec.structs.replace(submitted, savepoint=path)}
        return msgspec.structs.replace(latest, jobs=jobs)

    update_deployment(addresses.home, settings.namespace, stopped)
    typer.echo(path or f"{job.value} is stopped", err=path is None)


def wait_finished(name: str, number: str) -> str:
    """Wait for the end of a bounded run, telling a terminal how far it is; its last state."""
    from cli.deployment import here
    from connectors.flink_rest import TERMINAL, Cluster

    cluster = Cluster(here()[0].flink_rest)
    while (state := cluster.state(number)) not in TERMINAL:
        if sys.stderr.isatty():
            typer.echo(f"\r{name}: {cluster.records_read(number):,} records read by its operators", err=True, nl=False)
        time.sleep(POLL_S)
    if sys.stderr.isatty():
        typer.echo("", err=True)
    if state != "FINISHED":
        typer.echo(f"{name} ended as {state}: {next(iter(cluster.failures(number)), 'no reason was given')}", err=True)
    return state


def read_time(text: str | None) -> Millis | None:
    """ISO 8601, UTC where no zone is said, or `beginning`."""
    if text is None or text == "beginning":
        return None if text is None else 0
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        exits.fail(f"{text!r} is not a time: write 2026-10-12T14:00:00Z, or beginning.", exits.USAGE)
    return int((said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp() * 1000)


def read_length(text: str) -> Millis:
    try:
        return parse_length(text)
    except ValueError as wrong:
        exits.fail(str(wrong), exits.USAGE)
