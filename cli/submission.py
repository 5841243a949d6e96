"""Hand a job to the cluster with `flink run`, from the beginning of the log or from where it stood."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cli import exits
from cli.code_archive import write_archive
from cli.deployment import Deployment, SubmittedJob, here, update_deployment
from cli.frontier import newest_written
from connectors import broker
from connectors.profile_reader import ProfileReader
from connectors.settings import Settings
from connectors.state_format import FORMAT
from connectors.topics import HEARTBEAT_KEY, INPUTS, full_name
from local_stack import flink
from local_stack.addresses import ROOT, Addresses
from udfs.time import Millis

PROFILES = "profiles"
FIRST_RECORDS = 1_000
LATEST: Millis = -1
_UNMAPPED = "Cannot map checkpoint/savepoint state"
_JOB_ID = re.compile(r"JobID ([0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a submission; times and lengths in ms.

    `live_from` None means as recorded, or now; `run_on` is for a bounded run; `restore` is the path of a checkpoint or
    savepoint, or "latest"; outputs up to `write_after` are not written again, LATEST means all that there are.
    """

    job: str
    live_from: Millis | None = None
    until_end: bool = False
    run_on: Millis = 0
    restore: str | None = None
    write_after: Millis | None = None
    config: Path = ROOT / "config"


def submit(wish: Wish) -> str:
    """Submit to the stack of the environment; the id of the job. Ends with a sentence and a code if it cannot be."""
    addresses, settings, deployment = here()
    stop_at = _stop_at(settings, wish) if wish.until_end else None
    restore = _restore_path(wish, addresses, deployment)
    if restore is not None:
        _refuse_other_settings(deployment, settings)
        _refuse_other_format(deployment, wish)
    deployment = _dated(deployment, wish, settings)
    before = deployment.jobs.get(wish.job, SubmittedJob("")) if restore is not None else SubmittedJob("")
    caught_up_at, write_after = before.caught_up_at, before.write_after
    if restore is None:
        write_after = _write_after(wish, settings, deployment)
    if wish.job == PROFILES and restore is None:
        deployment = msgspec.structs.replace(deployment, epoch=deployment.epoch + 1)
        caught_up_at = _caught_up_at(settings, stop_at)
    settings = dataclasses.replace(settings, epoch=str(deployment.epoch))
    config = str(wish.config.absolute())
    said = [wish.job, "--config", config]
    said += ["--live-from", str(deployment.live_from), "--history-from", str(deployment.history_from)]
    said += ["--stop-at", str(stop_at)] if stop_at is not None else []
    said += ["--caught-up-at", str(caught_up_at)] if caught_up_at is not None else []
    said += ["--write-after", str(write_after)] if write_after is not None else []
    job = _flink_run(addresses, settings, said, restore)
    submitted = SubmittedJob(job, None, restore, config, FORMAT, write_after, caught_up_at)
    _write_down(addresses, settings, deployment, wish.job, submitted)
    return job


def _write_after(wish: Wish, settings: Settings, deployment: Deployment) -> Millis | None:
    """What was asked for; LATEST is exact only for a job that had committed all it had decided when it was stopped."""
    if wish.write_after != LATEST:
        return wish.write_after
    submitted = deployment.jobs.get(wish.job)
    if submitted is None or submitted.savepoint is None:
        exits.fail(
            f"{wish.job} was not stopped at a savepoint, so nobody knows how far it has written all: resume it with "
            f"--from latest, then `stop {wish.job} --savepoint` and submit again, or say a time instead of latest.",
            exits.NOT_FOUND,
        )
    return newest_written(settings, wish.job)


def _caught_up_at(settings: Settings, stop_at: Millis | None) -> Millis | None:
    """Where the epoch that is read now stands, or where this run ends if that is earlier; None if there is no epoch."""
    reader = ProfileReader(settings.redis, settings.namespace)
    try:
        tide = reader.tide()
    finally:
        reader.close()
    return tide if tide is None or stop_at is None else min(tide, stop_at)


def _stop_at(settings: Settings, wish: Wish) -> Millis:
    last = broker.last_event_time(settings.kafka, _inputs(settings))
    if last is None:
        exits.fail("There is no event in any input topic yet: `./tidemark ingest FILE --history`.", exits.NOT_FOUND)
    return last + wish.run_on


def _inputs(settings: Settings) -> list[str]:
    return [full_name(topic.name, settings.namespace) for topic in INPUTS]


def _dated(deployment: Deployment, wish: Wish, settings: Settings) -> Deployment:
    """Write down once where the past ends and where it begins, so that a replay sees the same."""
    now = int(time.time() * 1000)
    live_from = wish.live_from if wish.live_from is not None else deployment.live_from
    history_from = deployment.history_from if deployment.history_from is not None else _first_event(settings)
    if history_from is None:  # nothing has been seen yet, so the past begins now, or where it is said to end
        history_from = min(now, live_from or now)
    return msgspec.structs.replace(
        deployment, live_from=now if live_from is None else live_from, history_from=history_from
    )


def _first_event(settings: Settings) -> Millis | None:
    """The earliest time among the first records of every partition, None if there are none."""
    reader = broker.consumer(settings.kafka)
    try:
        begins = reader.beginning_offsets(broker.partitions_of(reader, _inputs(settings)))
        ends = reader.end_offsets(list(begins))
        ends = {partition: min(end, begins[partition] + FIRST_RECORDS) for partition, end in ends.items()}
        records = broker.read_between(reader, begins, ends)
        return min((int(record.timestamp) for record in records if record.key != HEARTBEAT_KEY), default=None)
    finally:
        reader.close()


def _restore_path(wish: Wish, addresses: Addresses, deployment: Deployment) -> str | None:
    if wish.restore != "latest":
        return wish.restore
    submitted = deployment.jobs.get(wish.job)
    if submitted is None:
        exits.fail(f"{wish.job} was never submitted here: leave out --from.", exits.NOT_FOUND)
    if submitted.savepoint is not None:
        return submitted.savepoint
    found = (addresses.home / "flink" / "checkpoints" / submitted.id).glob("chk-*/_metadata")
    newest = max(found, key=lambda path: path.stat().st_mtime_ns, default=None)
    if newest is not None:
        return str(newest.parent)
    if submitted.started_from is None:
        exits.fail(f"{wish.job} has completed no checkpoint: leave out --from.", exits.NOT_FOUND)
    return submitted.started_from


def _refuse_other_settings(deployment: Deployment, settings: Settings) -> None:
    """The operator would refuse such state too, but only after Flink has tried to restart it many times."""
    now = settings.environment()
    for name in ("TIDEMARK_TICK", "TIDEMARK_BOUND", "TIDEMARK_SHARDS"):
        then = deployment.settings.get(name, now[name])
        if then != now[name]:
            exits.fail(
                f"The state was written with {name} {then}, this job has {now[name]}: submit with the old value, or "
                "let the log be read again, with --write-after latest in the place of --from.",
                exits.INPUT,
            )


def _refuse_other_format(deployment: Deployment, wish: Wish) -> None:
    """Flink would refuse it too, but could not say which format that is; of a path nobody here knows it."""
    then = deployment.jobs[wish.job].format if wish.restore == "latest" else None
    if then not in (None, FORMAT):
        exits.fail(
            f"The state of {wish.job} was written in FORMAT {then}, this release reads FORMAT {FORMAT}: go back to the "
            "release that wrote it, or leave out --from and let the log be read again.",
            exits.INPUT,
        )


def _flink_run(addresses: Addresses, settings: Settings, said: list[str], restore: str | None) -> str:
    archive = write_archive(addresses.home / "flink" / "code" / "tidemark.zip")
    command = ["/bin/bash", str(flink.package() / "bin" / "flink"), "run", "--detached"]
    command += ["-m", addresses.flink_rest.removeprefix("http://")]
    command += ["--fromSavepoint", restore] if restore else []
    command += ["-pym", "jobs", "-pyfs", str(archive), *said]
    told = subprocess.run(
        command,
        env={**os.environ, **flink.environment(addresses.home), **settings.environment()},
        cwd=addresses.home,
        capture_output=True,
        text=True,
        check=False,
    )
    found = _JOB_ID.search(told.stdout)
    if found is None:
        log = addresses.home / "logs" / "submit.log"
        log.write_text(told.stdout + told.stderr)
        reason = _reason(told.stdout + told.stderr)
        exits.fail(f"The job was not accepted: {reason} (all of it in {log})", exits.JOB_FAILED)
    return found[1]


def _reason(told: str) -> str:
    """The line that says what was wrong: Python's last error, else Java's last cause."""
    if _UNMAPPED in told:
        return (
            f"this release reads state of FORMAT {FORMAT} and this state is of another, which CHANGELOG.md names: go "
            "back to the release that wrote it, or leave out --from and let the log be read again"
        )
    lines = [line.strip() for line in told.splitlines()]
    python = [line for line in lines if re.match(r"(?!org\.|java)[\w.]+(Error|Exception|Mismatch): ", line)]
    java = [line for line in lines if line.startswith("Caused by: ")]
    return (python or java or lines or ["it said nothing"])[-1]


def _write_down(addresses: Addresses, settings: Settings, deployment: Deployment, name: str, job: SubmittedJob) -> None:
    known = addresses.environment()
    chosen = {key: value for key, value in settings.environment().items() if key not in known}

    def with_job(latest: Deployment) -> Deployment:
        jobs = {**latest.jobs, name: job}
        return msgspec.structs.replace(
            deployment, settings=chosen, jobs=jobs, epoch=max(latest.epoch, deployment.epoch)
        )

    update_deployment(addresses.home, settings.namespace, with_job)
