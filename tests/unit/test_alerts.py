"""Prometheus' rules speak of metrics that are there, and each alarm says what to do."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.unit.pages import names, pages, tables

ROOT = Path(__file__).resolve().parents[2]
OF_JOBS = "flink_taskmanager_job_task_operator_tidemark_"


@cache
def rules() -> list[dict[str, Any]]:
    told = yaml.safe_load((ROOT / "alerts.yml").read_text())
    return [rule for group in told["groups"] for rule in group["rules"]]


def alarms() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def test_every_metric_is_on_the_page() -> None:
    """The page is held to the code by test, so a renamed metric cannot leave an alarm that never rings."""
    known = {OF_JOBS + names(row[2])[0] for row in tables("docs/metrics.md", "counter")}
    known |= {name for row in tables("docs/metrics.md", "metric") for name in names(row[0])}
    known |= {rule["record"] for rule in rules() if "record" in rule}
    used = {name for rule in rules() for name in re.findall(r"\b(?:flink|tidemark)_\w+", rule["expr"])}
    assert len(used) > 5
    assert used <= known


def test_alarms_are_those_of_the_page() -> None:
    """Whoever is woken by one finds it there."""
    assert {names(row[0])[0] for row in tables("docs/metrics.md", "alarm")} == set(alarms())


def test_every_alarm_says_what_and_what_to_do() -> None:
    """And how soon: page or ticket."""
    for name, rule in alarms().items():
        assert set(rule["annotations"]) == {"summary", "action"}, name
        assert rule["labels"]["severity"] in {"page", "ticket"}, name


def test_a_heading_that_an_alarm_points_to_exists() -> None:
    """`docs/operations.md, What holds the tide`."""
    for name, rule in alarms().items():
        for page, heading in re.findall(r"(docs/\w+\.md), ([\w ]+)", rule["annotations"]["action"]):
            assert f"## {heading}\n" in pages()[page], name


def test_compose_mounts_them() -> None:
    """Where Prometheus is told to look."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    mounted = {config["source"]: config["target"] for config in compose["services"]["prometheus"]["configs"]}
    told = yaml.safe_load(compose["configs"]["prometheus"]["content"])
    assert told["rule_files"] == [mounted["alerts"]]
    assert compose["configs"]["alerts"] == {"file": "./alerts.yml"}
