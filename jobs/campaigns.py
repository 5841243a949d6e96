"""Find out who left a cart behind, and whether to write to them.

clickstream, cart, purchase, ──► ticks ──► campaigns of each person ──┬──► triggers
email-events, profile-changes                                         ├──► decisions
                                                                      └──► dead-letters
"""

from __future__ import annotations

from dataclasses import dataclass

from connectors.config_files import Files
from connectors.settings import Settings
from connectors.state_format import FORMAT
from jobs.run import Inputs, Outputs, Run
from udfs.campaign_config import campaign_rule
from udfs.campaign_rule import CampaignRule
from udfs.operators.counters import Counters
from udfs.operators.rule_shard import RuleShards
from udfs.operators.tick_operator import OUTPUT, TickOperator
from udfs.person import Person


@dataclass(frozen=True)
class CampaignWork:
    """The campaigns' rule over the files of the configuration."""

    settings: Settings
    run: Run
    files: Files
    job: str = "campaigns"
    state_type: type = Person

    def rule(self) -> CampaignRule:
        return campaign_rule(self.files, self.run.live_from, self.run.history_from)

    def view(self, rule: CampaignRule) -> None:
        return None

    def shards(self, counters: Counters) -> RuleShards:
        return RuleShards(self, counters)


def topology(inputs: Inputs, settings: Settings, run: Run, files: Files) -> Outputs:
    work = CampaignWork(settings, run, files)
    work.rule()  # an error in a file is told now, not in a worker
    records = (
        inputs.ticks.process(TickOperator(work, run.stop_at, run.write_after), OUTPUT)
        .name("Carts, deadlines and the governor")
        .uid(f"campaigns-{FORMAT}")
    )
    return Outputs(records, ("triggers", "decisions", "dead-letters"))
