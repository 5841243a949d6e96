"""The production operator without Flink: state is a dictionary, timers and metrics are taken and left alone."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from pyflink.datastream import TimeDomain

from benchmarks.many_campaigns import config_of
from benchmarks.shared.job import SharedWork
from benchmarks.shop_input import FIRST
from benchmarks.tick_rows import ShardRow
from connectors.settings import Settings
from connectors.shard_labels import labels
from jobs.campaigns import CampaignWork
from jobs.profiles import ProfileWork
from jobs.run import Run
from udfs.operators.tick_operator import TickOperator
from udfs.time import Millis

COLUMNS = "columns"  # the shared job of the benchmarks: windows and sessions


class UnseenProfiles(ProfileWork):
    """Profiles that are not shown in Redis."""

    def view(self, rule: Any) -> None:  # type: ignore[override]
        return None


def work_of(job: str, settings: Settings, without: str = "", campaigns: int = 0) -> Any:
    """The work of a job with all shipped rules but those of one file; no signal is only recorded.

    With `campaigns`, so many generated ones take the place of those that are shipped.
    """
    if job == COLUMNS:
        return SharedWork(settings)
    work = {"campaigns": CampaignWork, "profiles": UnseenProfiles}[job]
    files = {path: content for path, content in config_of(campaigns).items() if path != without}
    return work(settings, Run(live_from=0, history_from=FIRST), files)


class _Entries(dict[str, Any]):
    put = dict.__setitem__

    def remove(self, key: str) -> None:
        self.pop(key, None)


class _States:
    """One mapping for each key, as Flink's keyed state."""

    def __init__(self, flink: OfflineOperator) -> None:
        self._flink = flink
        self._of_key: dict[int, _Entries] = defaultdict(_Entries)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of_key[self._flink.key], name)


class NoMetrics:
    """A metric group that forgets."""

    def add_group(self, *_: Any) -> NoMetrics:
        return self

    def counter(self, _: str) -> NoMetrics:
        return self

    def inc(self, _: int = 1) -> None:
        return None


class OfflineOperator:
    """Runs ticks through the operator of a job, and stands in for all of Flink that it sees."""

    def __init__(self, job: str, settings: Settings) -> None:
        self._labels = labels(settings.shards)
        self.key = self._labels[0]
        self._tide: Millis = 0
        self.operator = TickOperator(work_of(job, settings))
        self.operator.open(self)

    def run(self, ticks: Iterable[ShardRow]) -> tuple[list[Any], float]:
        """Output records, and seconds of CPU."""
        records: list[Any] = []
        began = time.process_time()
        for shard, row in ticks:
            self.key = self._labels[shard]
            for out in self.operator.process_element(row, self):
                records += out[0]
        return records, time.process_time() - began

    def finish(self, until: Millis) -> list[Any]:
        """What comes out when the tide rises to `until` without another event."""
        self._tide = until
        records: list[Any] = []
        for label in self._labels:
            self.key = label
            for out in self.operator.on_timer(until, self):
                records += out[0]
        return records

    def current_watermark(self) -> Millis:
        return self._tide

    def time_domain(self) -> TimeDomain:
        return TimeDomain.EVENT_TIME

    def get_current_key(self) -> int:
        return self.key

    def get_map_state(self, _: Any) -> Any:
        return _States(self)

    def get_metrics_group(self) -> NoMetrics:
        return NoMetrics()

    def timer_service(self) -> Any:
        return self

    def register_event_time_timer(self, _: Millis) -> None:
        return None
