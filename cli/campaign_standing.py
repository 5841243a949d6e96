"""How the campaigns of a deployment stand: the files that it was submitted with, and what was published since."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kafka.errors import KafkaError

from cli.campaign import CONFIG
from connectors.config_files import read_config
from connectors.news_log import present, read_log
from connectors.settings import Settings
from local_stack.errors import NotRunning
from udfs.campaign_config import campaign_config
from udfs.campaigns import Campaign, CampaignConfig
from udfs.in_force import InForce
from udfs.news import EVERYBODY, News, NewsRefused
from udfs.published import Published
from udfs.time import Millis

END_OF_TIME: Millis = (1 << 62) - 1


@dataclass(frozen=True, slots=True)
class Refused:
    """A record of the topic that no job goes by, and why."""

    offset: int
    why: str


@dataclass(frozen=True, slots=True)
class Standing:
    """`files` are the campaigns of the folder, drafts among them; `now` (ms) is the present in the time of the inputs,
    None as long as one of them has told nothing."""

    files: CampaignConfig
    published: Published
    news: tuple[News, ...]
    refused: tuple[Refused, ...]
    now: Millis | None

    def in_force(self) -> InForce:
        """As it stands at the present."""
        return self.published.at(self.now or 0)

    def in_the_end(self) -> InForce:
        """When all has taken effect that was said ahead of its time."""
        return self.published.at(END_OF_TIME)


def deployed(config: Path | None) -> tuple[Settings, Path]:
    """The settings of this command, and the folder of the submitted job if no other is said."""
    from cli.deployment import here
    from cli.servers import settings

    where = settings()
    if config is not None or ("TIDEMARK_KAFKA" in os.environ and "TIDEMARK_STACK" not in os.environ):
        return where, config or CONFIG
    try:
        submitted = here()[2].jobs.get("campaigns")
    except NotRunning:
        return where, CONFIG
    return where, Path(submitted.config) if submitted else CONFIG


def standing(settings: Settings, folder: Path) -> Standing:
    """Read files and topics; ConfigError for a file that is wrong, KeyError if the broker lacks a topic."""
    files = campaign_config(read_config(folder))
    published, news, refused = published_since(settings, files)
    return Standing(files, published, news, refused, present(settings.kafka, settings.namespace, settings.bound))


def published_since(
    settings: Settings, files: CampaignConfig
) -> tuple[Published, tuple[News, ...], tuple[Refused, ...]]:
    """What was published, as the job takes it in; KeyError if the broker does not have the topic."""
    published = Published(files.without_drafts())
    news: list[News] = []
    refused: list[Refused] = []
    for offset, told in read_log(settings.kafka, settings.namespace, settings.bound):
        if not isinstance(told, News):
            refused.append(Refused(offset, told.detail))
            continue
        if told.key == EVERYBODY:  # what the brakes say of all orders
            continue
        try:
            published.learn(told)
            news.append(told)
        except NewsRefused as why:
            refused.append(Refused(offset, str(why)))
    return published, tuple(news), tuple(refused)


def campaigns_at(settings: Settings, folder: Path, at: Millis) -> Mapping[str, Campaign]:
    """The campaigns in force at an instant, those of the files if Kafka is away; no drafts."""
    files = campaign_config(read_config(folder)).without_drafts()
    try:
        published, _, _ = published_since(settings, files)
    except (KeyError, KafkaError):
        return files.campaigns
    return published.at(at).campaigns
