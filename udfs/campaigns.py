"""A campaign is a file under config/campaigns: whom to write to, when, and when rather not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

from udfs.abandonment import SITE, THIS_CART, Abandonment
from udfs.carts import CART_TTL
from udfs.config_error import ConfigError
from udfs.governor_config import CALENDAR, EASY, Cap, Governor, parse_governor, read_cap
from udfs.schedule import SCHEDULE, Schedule, is_scheduled, moment, read_schedule
from udfs.signals import BROWSE_ABANDONED, CART_ABANDONED, ORDER_COMPLETED, SEGMENT_ENTERED, SUBSCRIBED, TYPES, Happened
from udfs.time import Millis, format_length
from udfs.toml_keys import (
    Key,
    Keys,
    instant,
    length,
    longer_than_nothing,
    one_of,
    read_keys,
    text,
    whole,
    word,
    yes_or_no,
)

MARKETING = "marketing"
TRANSACTIONAL = "transactional"
DRAFT = "draft"
LIVE = "live"
PAUSED = "paused"
ENDED = "ended"
HOLD = "hold"
SKIP = "skip"
IGNORE = "ignore"
FINISH = "finish"
MOVE = "move"

CAMPAIGN_KEYS: Mapping[str, Key] = {
    "name": Key(word),
    "class": Key(one_of(MARKETING, TRANSACTIONAL), MARKETING),
    "channel": Key(one_of("email"), "email"),
    "topic": Key(word, None),
    "state": Key(one_of(DRAFT, LIVE, PAUSED, ENDED), LIVE),
    "on_change": Key(one_of(FINISH, MOVE), FINISH),
    "live_from": Key(instant, None),
    "priority": Key(whole(0, 100), 50),
    "reentry": Key(length, "7d"),
    "valid_for": Key(longer_than_nothing, "12h"),
    "quiet_hours": Key(one_of(HOLD, SKIP, IGNORE), HOLD),
    "holdout": Key(whole(0, 99), 0),
    "signal.type": Key(one_of(*TYPES)),
    "signal.wait": Key(longer_than_nothing, "10min"),
    "signal.activity": Key(one_of(SITE, THIS_CART), SITE),
    "signal.latest": Key(longer_than_nothing, "4h"),
    "signal.merge": Key(length, "1h"),
    "signal.segment": Key(text, None),
    "schedule.at": Key(moment),
    "schedule.throttle": Key(length, "0min"),
    "steps[].template": Key(word),
    "steps[].after": Key(longer_than_nothing),
    "courtesy.after_order": Key(length, "24h"),
    "exits.on_order": Key(yes_or_no, None),
    "audience.segment": Key(text, None),
    "audience.not_segment": Key(text, None),
    "audience.list": Key(word, None),
    "audience.minimum_value": Key(whole(0), 0),
    "cap.count": Key(whole(1)),
    "cap.within": Key(longer_than_nothing, None),
    "cap.calendar": Key(one_of(*CALENDAR), None),
    "volume.hourly": Key(whole(1), None),
    "variants[].name": Key(word),
    "variants[].weight": Key(whole(1, 1000), 1),
}


@dataclass(frozen=True, slots=True)
class MailStep:
    """A message of a campaign, due `after` ms from the first one; the first is due at once."""

    template: str
    after: Millis = 0


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the ways in which a mail is written; `weight` is how often, against the others'."""

    name: str
    weight: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """One file; `version` is the hash of its bytes, lengths are ms, `minimum_value` is in minor units.

    `hourly_volume` are the mails of the busiest hour of its rehearsal.
    """

    file: str
    name: str
    version: str
    message_class: str
    channel: str
    state: str
    reentry: Millis
    valid_for: Millis
    signal: Abandonment | Happened | Schedule
    steps: tuple[MailStep, ...]
    after_order: Millis
    segment: str | None = None
    not_segment: str | None = None
    on_list: str | None = None
    minimum_value: int = 0
    cap: Cap | None = None
    topic: str | None = None
    live_from: Millis | None = None
    priority: int = 50
    quiet_hours: str = HOLD
    holdout: int = 0
    variants: tuple[Variant, ...] = ()
    exits_on_order: bool = True
    on_change: str = FINISH
    hourly_volume: int | None = None

    @property
    def entered_once_in(self) -> Millis:
        """One entry per person in this time; carts that are left within `merge` share one whatever `reentry` is."""
        return max(self.reentry, self.signal.merge) if isinstance(self.signal, Abandonment) else self.reentry

    @property
    def shown_for(self) -> Millis:
        """How long after a mail a cart that it showed may still be asked about: its deadline moves, or it was held."""
        signal = self.signal
        if not isinstance(signal, Abandonment) or not signal.merge:
            return 0
        return max(signal.wait, signal.latest, signal.merge + self.valid_for)

    @property
    def asks_for_orders(self) -> bool:
        """True if a mail of it rests on somebody not having ordered."""
        return self.exits_on_order or self.after_order > 0

    @property
    def segments(self) -> dict[str, str]:
        """The segments that the file names, by the key that names them."""
        entered = self.signal.segment if isinstance(self.signal, Happened) else None
        named = {"signal.segment": entered, "audience.segment": self.segment, "audience.not_segment": self.not_segment}
        return {key: name for key, name in named.items() if name is not None}


@dataclass(frozen=True, slots=True)
class CampaignConfig:
    """All campaigns, and the governor that stands above them."""

    campaigns: Mapping[str, Campaign]
    governor: Governor = EASY

    @property
    def segments(self) -> frozenset[str]:
        """The segments that any campaign names, and those that a published one may name."""
        named = frozenset(name for one in self.campaigns.values() for name in one.segments.values())
        return named | self.governor.segments

    def without_drafts(self) -> CampaignConfig:
        """What a job runs."""
        return CampaignConfig({name: one for name, one in self.campaigns.items() if one.state != DRAFT}, self.governor)

    def rehearsed(self) -> CampaignConfig:
        """Drafts as if they were live, for a rehearsal."""
        live = {name: replace(one, state=LIVE) if one.state == DRAFT else one for name, one in self.campaigns.items()}
        return CampaignConfig(live, self.governor)


def parse_campaigns(files: Mapping[str, bytes], governor: tuple[str, bytes] | None = None) -> CampaignConfig:
    """Campaigns from the bytes of their files by path, and the governor from (path, bytes)."""
    campaigns: dict[str, Campaign] = {}
    for file, content in sorted(files.items()):
        campaign = parse_campaign(content, file)
        if campaign.name in campaigns:
            taken = f"{campaign.name} is taken by {campaigns[campaign.name].file}"
            raise ConfigError(file, "name", taken, "Give each campaign a name of its own")
        campaigns[campaign.name] = campaign
    return CampaignConfig(campaigns, parse_governor(governor[1], governor[0]) if governor else EASY)


def parse_campaign(content: bytes, file: str) -> Campaign:
    """A campaign from the bytes of its file; ConfigError says what is wrong and where."""
    keys = read_keys(content, file, CAMPAIGN_KEYS)
    return Campaign(
        file=file,
        name=keys["name"],
        version=blake2b(content, digest_size=6).hexdigest(),
        message_class=keys["class"],
        channel=keys["channel"],
        state=keys["state"],
        reentry=keys["reentry"],
        valid_for=keys["valid_for"],
        signal=_signal(keys),
        steps=_steps(keys),
        after_order=keys["courtesy.after_order"],
        segment=keys["audience.segment"],
        not_segment=keys["audience.not_segment"],
        on_list=keys["audience.list"],
        minimum_value=keys["audience.minimum_value"],
        cap=read_cap(keys, "cap") if any(key.startswith("cap.") for key in keys.found) else None,
        topic=keys["topic"],
        live_from=keys["live_from"],
        priority=keys["priority"],
        quiet_hours=keys["quiet_hours"],
        holdout=keys["holdout"],
        variants=_variants(keys),
        exits_on_order=_exits_on_order(keys),
        on_change=keys["on_change"],
        hourly_volume=keys["volume.hourly"],
    )


def entered_by(keys: Keys) -> str:
    """The signal's type, or `schedule`."""
    return SCHEDULE if is_scheduled(keys) else str(keys["signal.type"])


def _signal(keys: Keys) -> Abandonment | Happened | Schedule:
    kind = entered_by(keys)
    if kind == SCHEDULE:
        return read_schedule(keys)
    if kind in (CART_ABANDONED, BROWSE_ABANDONED):
        _refuse(keys, kind, "signal.segment", *(["signal.merge"] if kind == BROWSE_ABANDONED else []))
        return _abandonment(keys, kind == BROWSE_ABANDONED)
    of_carts = ("signal.activity", "signal.latest", "signal.merge")
    _refuse(keys, kind, *of_carts, *(["signal.segment"] if kind != SEGMENT_ENTERED else []))
    if kind == SEGMENT_ENTERED and keys["signal.segment"] is None:
        raise keys.error("signal.segment", "is missing", "Name the segment that people enter, such as lapsing")
    if kind == ORDER_COMPLETED and keys["signal.wait"] < keys["courtesy.after_order"]:
        never = f"the mail would always come within the {format_length(keys['courtesy.after_order'])} of courtesy"
        raise keys.error("signal.wait", never, 'Wait longer, or write after_order = "0h" under [courtesy]')
    return Happened(kind, keys["signal.wait"], keys["signal.segment"])


def _abandonment(keys: Keys, views: bool) -> Abandonment:
    merge = 0 if views else keys["signal.merge"]
    signal = Abandonment(keys["signal.wait"], keys["signal.activity"], keys["signal.latest"], views, merge)
    if not signal.wait <= signal.latest <= CART_TTL:
        raise keys.error(
            "signal.latest" if "signal.latest" in keys.found else "signal.wait",
            f"wait is {format_length(signal.wait)} and latest is {format_length(signal.latest)}",
            f"latest lies between wait and the {format_length(CART_TTL)} after which a cart is forgotten",
        )
    return signal


def _refuse(keys: Keys, kind: str, *without: str) -> None:
    for key in without:
        if key in keys.found:
            raise keys.error(key, f"says nothing to the signal {kind}", "Leave it out")


def _exits_on_order(keys: Keys) -> bool:
    """What is left behind, and whoever is to be won back, is done with an order; a welcome, a follow-up or a newsletter
    is not."""
    said = keys["exits.on_order"]
    return entered_by(keys) not in (SUBSCRIBED, ORDER_COMPLETED, SCHEDULE) if said is None else bool(said)


def _steps(keys: Keys) -> tuple[MailStep, ...]:
    count = keys.tables.get("steps", 0)
    if not count:
        raise keys.error("steps", "there is no step", 'Write [[steps]] and template = "..." under it')
    if "steps.1.after" in keys.found:
        when = "schedule.at" if is_scheduled(keys) else "signal.wait"
        raise keys.error("steps.1.after", "the first step is due at its signal", f"Use {when} for the time before it")
    steps = [MailStep(keys["steps.1.template"])]
    for number in range(2, count + 1):
        step = MailStep(keys[f"steps.{number}.template"], keys[f"steps.{number}.after"])
        if step.after > CART_TTL and entered_by(keys) == CART_ABANDONED:
            forgotten = f"After {format_length(CART_TTL)} without a change a cart is forgotten"
            raise keys.error(f"steps.{number}.after", f"{format_length(step.after)} is too long", forgotten)
        if step.after <= steps[-1].after:
            raise keys.error(
                f"steps.{number}.after", "is not later than the step before", "It counts from the first step"
            )
        steps.append(step)
    return tuple(steps)


def _variants(keys: Keys) -> tuple[Variant, ...]:
    numbers = range(1, keys.tables.get("variants", 0) + 1)
    variants = tuple(Variant(keys[f"variants.{one}.name"], keys[f"variants.{one}.weight"]) for one in numbers)
    if len(variants) == 1:
        raise keys.error("variants.1.name", "is the only one", "Compare at least two variants, or leave them out")
    names = [variant.name for variant in variants]
    for number, name in enumerate(names, 1):
        if name in names[: number - 1]:
            raise keys.error(f"variants.{number}.name", f"{name} is there twice", "Give each variant its own name")
    return variants
