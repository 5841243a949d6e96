"""The one table of topics: what lies on each, under which key and time, and how long."""

from __future__ import annotations

from typing import Literal, NamedTuple

from udfs.events import Kind
from udfs.time import Millis

HEARTBEAT_KEY = b"~tide"
FOREVER: Millis = -1
MAX_TIMESTAMP_AHEAD = 9_223_372_036_854_775_807
LIVE_TIMESTAMP_AHEAD = 300_000  # one stamp from the future would drown the tide
DAY: Millis = 86_400_000

Clock = Literal["live", "replay"]


# A year of heartbeats is 31 million records, and whoever looks for the few others would have to read them all.
_THINNED = {"cleanup.policy": "compact", "segment.ms": "3600000", "min.cleanable.dirty.ratio": "0.01"}


class Topic(NamedTuple):
    """A row of the table; `key` and `event_time` name fields of the record, `retention` is the live one.

    Keys of a topic that is `thinned` are unique but for heartbeats: of these Kafka keeps the newest when live.
    """

    name: str
    role: Literal["input", "news", "output"]
    kind: Kind | None
    subject: str
    key: str
    event_time: str
    partitions: int
    retention: Millis
    about: str
    thinned: bool = False

    def configs(self, clock: Clock) -> dict[str, str]:
        """Kafka's topic settings; "replay" is for stacks that history or shop time is played into."""
        guarded = self.role != "output" and clock == "live"
        ahead = LIVE_TIMESTAMP_AHEAD if guarded else MAX_TIMESTAMP_AHEAD
        return {
            **(_THINNED if self.thinned and clock == "live" else {"cleanup.policy": "delete"}),
            "message.timestamp.type": "CreateTime",
            "message.timestamp.after.max.ms": str(ahead),
            "message.timestamp.before.max.ms": str(MAX_TIMESTAMP_AHEAD),
            "retention.ms": str(self.retention if clock == "live" else FOREVER),
        }


def _input(kind: Kind, name: str, about: str) -> Topic:
    # A rebuild is a replay: inputs are kept as long as the longest memory of a rule (a year) and a month.
    return Topic(name, "input", kind, name, "user_id or anonymous_id", "timestamp", 2, 400 * DAY, about)


def _news(kind: Kind, name: str, key: str, retention: Millis, about: str, thinned: bool = False) -> Topic:
    # One partition, so that there is one order in which they were told.
    return Topic(name, "news", kind, name, key, "timestamp", 1, retention, about, thinned)


def _output(name: str, key: str, retention: Millis, about: str) -> Topic:
    return Topic(name, "output", None, name, key, "at", 2, retention, about)


TOPICS: tuple[Topic, ...] = (
    _input(Kind.PROFILE, "profile-changes", "traits and consent of a person; the only personal data"),
    _input(Kind.CLICK, "clickstream", "what people look at, and every event name we do not know"),
    _input(Kind.CART, "cart", "changes of carts, looks at them, steps of the checkout"),
    _input(Kind.ORDER, "purchase", "orders completed, cancelled, refunded"),
    _input(Kind.EMAIL, "email-events", "what happened to mails, ours and other tools'"),
    _news(Kind.CAMPAIGN, "campaigns", "name", FOREVER, "changes of campaigns, and what the brakes found", thinned=True),
    _news(Kind.CATALOG, "catalog", "product_id", 400 * DAY, "products sold out and available again"),
    _output("segment-changes", "user_id", 90 * DAY, "people entering and leaving segments"),
    _output("triggers", "user_id", 7 * DAY, "messages to be sent"),
    _output("decisions", "user_id", 400 * DAY, "the answer to every signal, with its reason"),
    _output("dead-letters", "the refused record's own key", 30 * DAY, "what could not be taken in, and why"),
    _output("sends", "user_id", 400 * DAY, "what became of each trigger"),
)
BY_NAME: dict[str, Topic] = {topic.name: topic for topic in TOPICS}
INPUTS: tuple[Topic, ...] = tuple(topic for topic in TOPICS if topic.role == "input")  # in Kind's order
READ_BACK: tuple[Topic, ...] = (BY_NAME["sends"],)  # what the campaigns read besides where mails report back
NEWS: tuple[Topic, ...] = tuple(topic for topic in TOPICS if topic.role == "news")  # the campaigns read them too
# Whoever keeps the clock of the inputs keeps that of the news, which have no source of their own.
KEPT: tuple[Topic, ...] = (*INPUTS, *NEWS)
_OF_KIND = (*INPUTS, *READ_BACK, *NEWS)
_KINDS = dict(zip((topic.name for topic in _OF_KIND), Kind, strict=True))
OUTPUTS: tuple[Topic, ...] = tuple(topic for topic in TOPICS if topic.role == "output")


def full_name(topic: str, namespace: str = "") -> str:
    """The topic's name on the broker, where deployments share one: `namespace.topic`."""
    return f"{namespace}.{topic}" if namespace else topic


def plain_name(full: str, namespace: str = "") -> str:
    """The table's name of a topic on the broker."""
    return full.removeprefix(f"{namespace}.") if namespace else full


def kind_of(topic: str) -> Kind:
    """The kind of events on a topic that a job reads; KeyError for any other."""
    return _KINDS[topic]


def topic_of(kind: Kind | int) -> Topic:
    """The topic that carries a kind of events or of news."""
    return _OF_KIND[kind]


def read_by(job: str, read_back: bool) -> tuple[Topic, ...]:
    """The topics that a job waits for; the profiles wait neither for what became of mails nor for news."""
    if job != "campaigns":
        return INPUTS
    return (*INPUTS, *READ_BACK, *NEWS) if read_back else KEPT
