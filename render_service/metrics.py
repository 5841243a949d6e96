"""Every number that the render service shows to Prometheus, in one place."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """A registry of its own, so that tests may have many."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.triggers = Counter("tidemark_triggers", "Triggers taken in", registry=self.registry)
        self.repeated = Counter("tidemark_triggers_repeated", "Triggers claimed before", registry=self.registry)
        self.garbage = Counter("tidemark_triggers_unreadable", "Records that are no triggers", registry=self.registry)
        self.mails = Counter("tidemark_mails", "What became of triggers", ["outcome", "reason"], registry=self.registry)
        self.retries = Counter("tidemark_mail_server_retries", "Mails tried again", registry=self.registry)
        self.unknown = Gauge("tidemark_mails_unknown", "Mails claimed, outcome lost in a crash", registry=self.registry)
        self.lag = Gauge("tidemark_triggers_lag", "Triggers not taken in yet", registry=self.registry)
        self.render_seconds = Histogram(
            "tidemark_mail_render_seconds",
            "Time to put one mail together",
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1),
            registry=self.registry,
        )
        self.answer_seconds = Histogram(
            "tidemark_trigger_answer_seconds",
            "Time from taking a trigger in to its outcome",
            buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30, 120),
            registry=self.registry,
        )
