"""brakes: pauses a campaign that mails far more than was rehearsed, and holds mails while no order comes in."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

import typer

from cli import exits

if TYPE_CHECKING:
    from cli.brake_watch import BrakeMetrics
    from connectors.settings import Settings
    from udfs.campaigns import CampaignConfig

AGAIN_AFTER_S = 2.0
LOOK_S = 30.0

log = logging.getLogger(__name__)


class Standing(NamedTuple):
    """What the running jobs were submitted with, as far as the brakes need it."""

    settings: Settings
    config: CampaignConfig


def register(app: typer.Typer) -> None:
    app.command()(brakes)


def brakes() -> None:
    """Watch orders, checkouts and mails, and say on the topic of campaigns what has to stop, until Ctrl-C."""
    from kafka.errors import KafkaError

    from cli.brake_watch import BrakeMetrics

    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    stop, metrics = Event(), BrakeMetrics()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _serve(metrics)
    while not stop.is_set():
        where = standing()
        try:
            _watch(where, metrics, stop)
        except (KafkaError, KeyError) as error:
            if isinstance(error, KeyError) and isinstance(error.args[0], str):
                found = f"The broker at {where.settings.kafka} has no topic {error}: see `./tidemark status`."
                exits.fail(found, exits.NOT_FOUND)
            # kafka-python raises a KeyError of a partition, too, where it has forgotten what it was asked for.
            log.warning("kafka_away error=%r; all is read again", str(error))
            stop.wait(AGAIN_AFTER_S)


def standing() -> Standing:
    """By the deployment of a local stack, else by the environment and the configuration beside this code."""
    from connectors.config_files import read_config
    from connectors.settings import SettingError, from_environment
    from local_stack.addresses import ROOT
    from udfs.campaign_config import campaign_config

    folder = ROOT / "config"
    if "TIDEMARK_KAFKA" in os.environ and "TIDEMARK_STACK" not in os.environ:
        try:
            return Standing(from_environment(), campaign_config(read_config(folder)))
        except SettingError as error:
            exits.fail(str(error), exits.INPUT)
    from cli.deployment import here

    _, settings, deployment = here()
    if submitted := deployment.jobs.get("campaigns"):
        folder = Path(submitted.config)
    return Standing(settings, campaign_config(read_config(folder)))


def _watch(where: Standing, metrics: BrakeMetrics, stop: Event) -> None:
    """Until it is told to stop, or something else has been submitted."""
    from cli.brake_watch import watch
    from connectors.brake_feed import BrakeFeed
    from udfs.brakes import Brakes

    feed = BrakeFeed(where.settings)
    log.info("watching kafka=%s campaigns=%d", where.settings.kafka, len(where.config.campaigns))
    changed = _now_and_then(lambda: standing() != where)
    try:
        watch(
            feed,
            Brakes(where.config.governor, where.config.campaigns),
            metrics,
            lambda: stop.is_set() or changed(),
        )
    finally:
        feed.close()


def _now_and_then(ask: Callable[[], bool]) -> Callable[[], bool]:
    """Asks no more than once in `LOOK_S`."""
    asked_at = time.monotonic()

    def answer() -> bool:
        nonlocal asked_at
        if time.monotonic() - asked_at < LOOK_S:
            return False
        asked_at = time.monotonic()
        return ask()

    return answer


def _serve(metrics: BrakeMetrics) -> None:
    """Metrics at TIDEMARK_BRAKES, host:port; none if it is not set."""
    from prometheus_client import start_http_server

    if not (said := os.environ.get("TIDEMARK_BRAKES")):
        return
    host, _, port = said.rpartition(":")
    if not host or not port.isdigit():
        exits.fail("TIDEMARK_BRAKES must be host:port, as in 127.0.0.1:9251", exits.USAGE)
    try:
        start_http_server(int(port), host, metrics.registry)
    except OSError as error:
        exits.fail(f"TIDEMARK_BRAKES is {said}, where nothing can listen: {error.strerror}", exits.INPUT)
