"""docker-compose.yml cannot be run everywhere, so its names and settings are compared with what can."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.settings import Settings, from_environment
from local_stack import flink, kafka, topic_set, valkey
from local_stack.ports import USUAL
from tests.unit.job_options import job_options
from tests.unit.render_variables import render_variables

ROOT = Path(__file__).resolve().parents[2]
SERVERS = {"kafka", "valkey", "jobmanager", "taskmanager", "render", "archive", "brakes", "mailpit", "prometheus"}
SERVICES = SERVERS | {"topics"}
ON_DEMAND = {"tide"}
SUBMISSIONS = {"submit-profiles", "submit-campaigns"}

# Where a container must differ from 127.0.0.1, and the reporter: inside its own network Prometheus may pull.
FLINK_LOCAL_ONLY = {"taskmanager.host", "rest.bind-port", "blob.storage.directory", "io.tmp.dirs", "web.upload.dir"} | {
    f"env.java.opts.{of}" for of in ("jobmanager", "taskmanager", "client")
}
FLINK_ELSEWHERE = {
    *("jobmanager.bind-host", "jobmanager.rpc.address", "jobmanager.rpc.port", "taskmanager.bind-host"),
    *("rest.address", "rest.bind-address", "rest.port", "python.executable", "python.client.executable"),
    *("execution.checkpointing.dir", "execution.checkpointing.savepoint-dir"),
}
KAFKA_ELSEWHERE = {"controller.quorum.voters", "listeners", "advertised.listeners", "log.dirs"}


@cache
def compose() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return told


def services() -> dict[str, dict[str, Any]]:
    told: dict[str, dict[str, Any]] = compose()["services"]
    return told


def variables(service: str) -> dict[str, str]:
    return services()[service].get("environment") or {}


def properties(text: str, sign: str) -> dict[str, str]:
    rows = (line.partition(sign) for line in text.splitlines() if sign in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in rows}


def test_every_part_of_the_system_is_there() -> None:
    """The same system as the local stack's, and nothing else."""
    assert set(services()) == SERVICES | ON_DEMAND | SUBMISSIONS


def test_images_are_pinned() -> None:
    """What runs today is what runs tomorrow."""
    for name, service in services().items():
        assert re.search(r":v?\d+\.\d+\.\d+$", service["image"]), name
    base = re.search(r"^FROM (\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert base
    assert re.fullmatch(r"python:3\.1[12]\.\d+-slim-bookworm", base[1])


def test_servers_are_those_of_the_local_stack() -> None:
    """A difference between the two would be found by a user, not by a test."""
    assert services()["kafka"]["image"].endswith(f":{kafka.VERSION}")
    assert services()["valkey"]["image"].endswith(f":{valkey.VERSION}")


def test_ports_are_open_to_this_machine_only() -> None:
    """None of the servers asks who is there."""
    published = [port for service in services().values() for port in service.get("ports", [])]
    assert published
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in published)


def test_ports_are_the_usual_ones() -> None:
    """Whoever knows the local stack finds the same servers at the same ports."""
    usual = {"kafka": "kafka", "valkey": "valkey", "jobmanager": "flink", "render": "render"}
    for service, name in usual.items():
        assert services()[service]["ports"] == [f"127.0.0.1:{USUAL[name]}:{USUAL[name]}"]


def test_who_is_waited_for_can_say_that_it_is_ready() -> None:
    """depends_on with a condition that nothing can fulfil would wait for ever."""
    for name, service in services().items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services()[other], f"{name} waits for {other}"
            else:
                assert how["condition"] == "service_completed_successfully"
                assert services()[other]["restart"] == "no"


def test_every_server_has_a_healthcheck() -> None:
    """`docker compose up --wait` returns when all of them can be used."""
    assert {name for name, service in services().items() if "healthcheck" not in service} == {
        "topics",
        *ON_DEMAND,
        *SUBMISSIONS,
    }


def test_volumes_and_configs_are_declared() -> None:
    """What a container keeps has a name."""
    volumes = {volume.split(":")[0] for service in services().values() for volume in service.get("volumes", [])}
    configs = {config["source"] for service in services().values() for config in service.get("configs", [])}
    assert volumes == set(compose()["volumes"])
    assert configs == set(compose()["configs"])


@pytest.mark.parametrize("service", sorted(SERVICES | ON_DEMAND | SUBMISSIONS))
def test_settings_have_names_that_somebody_reads(service: str) -> None:
    """A misspelt setting is silently a default."""
    of_jobs = {f"TIDEMARK_{field.name.upper()}" for field in fields(Settings)}
    read = of_jobs | {"render": render_variables(), "archive": {"TIDEMARK_ARCHIVE"}, "brakes": {"TIDEMARK_BRAKES"}}.get(
        service, set()
    )
    assert {name for name in variables(service) if name.startswith("TIDEMARK_")} <= read


@pytest.mark.parametrize("service", sorted(SUBMISSIONS))
def test_a_submission_says_every_setting_with_its_default(service: str) -> None:
    """The file shows all that can be turned, and turns nothing by itself."""
    said = from_environment(variables(service))
    here = Settings(kafka=said.kafka, redis=said.redis)
    assert said == here
    assert set(variables(service)) == set(here.environment())


@pytest.mark.parametrize("service", sorted(SUBMISSIONS))
def test_a_submission_is_understood_by_the_jobs(service: str) -> None:
    """The arguments behind the files of `flink run` are those of `python -m jobs`."""
    command = services()[service]["command"]
    assert command[:2] == ["flink", "run"]
    job, *said = command[command.index("-pyfs") + 2 :]
    known, needed = job_options()
    assert job == service.removeprefix("submit-")
    assert needed <= {word.split("=")[0] for word in said} <= known


def test_the_clock_is_started_by_whoever_wants_it() -> None:
    """With words that the command line understands: beside a collector's own heartbeats it is not needed."""
    assert services()["tide"]["profiles"] == ["clock"]
    assert services()["tide"]["command"] == ["python", "-m", "cli", "tide", "--all"]


def test_topics_come_from_the_one_table() -> None:
    """No second list of topics."""
    assert services()["topics"]["command"] == ["python", "-m", "local_stack.topic_set", "live"]
    assert callable(topic_set.main)
    assert variables("kafka")["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"


def test_flink_is_set_as_in_the_local_stack() -> None:
    """What was measured and tested there should hold here."""
    local = properties(flink.java_options() + flink.SETTINGS, ": ")
    here = properties(compose()["configs"]["flink"]["content"], ": ")
    pushed = {name for name in local if name.startswith(("metrics.reporter.push", "metrics.fetcher"))}
    local_only = pushed | FLINK_LOCAL_ONLY
    here_only = {name for name in here if name.startswith("metrics.reporter.prom")}
    assert set(local) - local_only == set(here) - here_only
    shared = set(local) & set(here) - FLINK_ELSEWHERE
    assert {name: here[name] for name in shared} == {name: local[name] for name in shared}


def test_kafka_is_set_as_in_the_local_stack() -> None:
    """The image turns every KAFKA_ variable into a line of its server.properties."""
    local = properties(kafka.SETTINGS, "=")
    here = {name.removeprefix("KAFKA_").lower().replace("_", "."): value for name, value in variables("kafka").items()}
    assert set(local) - set(here) == set()
    shared = set(local) - KAFKA_ELSEWHERE
    assert {name: here[name] for name in shared} == {name: local[name] for name in shared}


def test_kafka_knows_every_listener_that_it_names() -> None:
    """A name that is missing in one of the three lists keeps the broker from starting."""
    said = variables("kafka")
    names = {part.split(":")[0] for part in said["KAFKA_LISTENERS"].split(",")}
    protocols = {part.split(":")[0] for part in said["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")}
    advertised = {part.split(":")[0] for part in said["KAFKA_ADVERTISED_LISTENERS"].split(",")}
    assert names == protocols == advertised | {said["KAFKA_CONTROLLER_LISTENER_NAMES"]}
    assert said["KAFKA_INTER_BROKER_LISTENER_NAME"] in advertised
    assert f"INSIDE://{variables('render')['TIDEMARK_KAFKA']}" in said["KAFKA_ADVERTISED_LISTENERS"]


def test_prometheus_asks_where_somebody_answers() -> None:
    """Every target is a service at a port that it listens on."""
    told = yaml.safe_load(compose()["configs"]["prometheus"]["content"])
    targets = {target for job in told["scrape_configs"] for row in job["static_configs"] for target in row["targets"]}
    port = properties(compose()["configs"]["flink"]["content"], ": ")["metrics.reporter.prom.port"]
    listen = variables("render")["TIDEMARK_RENDER"].rpartition(":")[2]
    brakes = variables("brakes")["TIDEMARK_BRAKES"].rpartition(":")[2]
    assert targets == {f"jobmanager:{port}", f"taskmanager:{port}", f"render:{listen}", f"brakes:{brakes}"}


def test_the_secret_has_no_default() -> None:
    """Compose refuses to start without it."""
    assert variables("render")["TIDEMARK_UNSUBSCRIBE_KEY"].startswith("${TIDEMARK_UNSUBSCRIBE_KEY:?")


def test_the_image_holds_what_its_processes_import() -> None:
    """A package that is not copied is missed at the first start."""
    told = (ROOT / "Dockerfile").read_text()
    ignored = (ROOT / ".dockerignore").read_text().split()
    for package in ("avro_schemas", "cli", "config", "connectors", "jobs", "local_stack", "render_service", "udfs"):
        assert f"COPY {package} {package}\n" in told
        assert f"!{package}" in ignored
    assert ignored[0] == "*"
