"""The campaigns as triggers name them: those of the files, and versions that were published since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from connectors.news_log import read_log
from udfs.campaigns import Campaign, parse_campaign
from udfs.config_error import ConfigError
from udfs.news import News
from udfs.outputs import Trigger

BOUND = 1  # when something was published decides nothing here


class Versions:
    """Reads what was published when a trigger names a version that is not known; once for each, so it may be late."""

    def __init__(self, campaigns: Mapping[str, Campaign], read: Callable[[], Iterable[Campaign]] = tuple) -> None:
        self._of_files = campaigns
        self._by_version = {one.version: one for one in campaigns.values()}
        self._read = read
        self._missed: set[str] = set()

    def of(self, trigger: Trigger) -> Campaign | None:
        """The version by which it was decided, else the campaign as the files have it; None if they do not."""
        if trigger.version not in self._by_version and trigger.version not in self._missed:
            self._by_version |= {one.version: one for one in self._read()}
            self._missed |= {trigger.version} - self._by_version.keys()
        return self._by_version.get(trigger.version) or self._of_files.get(trigger.campaign)


def published(kafka: str, namespace: str) -> list[Campaign]:
    """Every version on the topic `campaigns` that can be read; none where the broker does not have the topic."""
    found = []
    try:
        for _, told in read_log(kafka, namespace, BOUND):
            if isinstance(told, News) and told.content is not None:
                try:
                    found.append(parse_campaign(told.content, told.file or told.key))
                except ConfigError:  # no job went by it either
                    continue
    except KeyError:
        return []
    return found
