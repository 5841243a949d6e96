"""Keep what is known of each person: scores, facts and segments, falling and leaving by the clock as well.

clickstream, cart, purchase, ──► ticks ──► profile of each person ──┬──► segment-changes
email-events, profile-changes                                       ├──► Redis (profiles, memberships)
                                                                    └──► dead-letters
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.config_files import Files
from connectors.profile_store import ProfileStore
from connectors.settings import Settings
from connectors.state_format import FORMAT
from jobs.run import Inputs, Outputs, Run
from udfs.operators.counters import Counters
from udfs.operators.redis_view import RedisView
from udfs.operators.rule_shard import RuleShards
from udfs.operators.tick_operator import OUTPUT, TickOperator
from udfs.profile_config import load
from udfs.profile_rule import ProfileRule
from udfs.profile_state import ProfileState


@dataclass(frozen=True)
class ProfileWork:
    """The profiles' rule over the files of the configuration, shown in Redis."""

    settings: Settings
    run: Run
    files: Files
    job: str = "profiles"
    state_type: type = ProfileState

    def rule(self) -> ProfileRule:
        texts = {path: content.decode() for path, content in self.files.items()}
        return ProfileRule(load(texts), self.run.history_from)

    def view(self, rule: ProfileRule) -> RedisView:
        settings = self.settings
        store = ProfileStore(settings.redis, settings.namespace, settings.shards, settings.epoch)
        return RedisView(rule, store, self.run.caught_up_at)

    def shards(self, counters: Counters) -> RuleShards:
        return RuleShards(self, counters)


def topology(inputs: Inputs, settings: Settings, run: Run, files: Files) -> Outputs:
    work = ProfileWork(settings, run, files)
    work.rule()  # an error in a file is told now, not in a worker
    records = (
        inputs.ticks.process(TickOperator(work, run.stop_at, run.write_after, True, run.caught_up_at), OUTPUT)
        .name("Scores, facts and segments")
        .uid(f"profiles-{FORMAT}")
    )
    return Outputs(records, ("segment-changes", "dead-letters"))
