"""What a decision rests on, as text by name, so that it can be explained long afterwards."""

from __future__ import annotations

from udfs.campaigns import MARKETING
from udfs.decisions import Entry
from udfs.governor_config import Cap
from udfs.questions.caps import used
from udfs.questions.live import live_since
from udfs.questions.question import Question, last_send
from udfs.questions.quiet import quiet_until, whereabouts
from udfs.schedule import Schedule
from udfs.time import HOUR, MINUTE, Millis, format_length
from udfs.zones import time_of_day

# These are epoch milliseconds UTC, in decimal.
TIME_FACTS = frozenset(
    {
        "deadline",
        "spell_start",
        "last_activity",
        "first_mail",
        "exit_at",
        "last_order",
        "last_send",
        "live_from",
        "history_from",
        "held_since",
        "quiet_until",
        "bounced_at",
        "unwanted_at",
        "merged_at",
    }
)


def facts(
    question: Question, entry: Entry, last_activity: Millis | None, history_from: Millis | None
) -> dict[str, str]:
    """Everything known that any question asks for; what is unknown or was never there is left out."""
    due, person = question.due, question.person
    times = {
        "deadline": question.at,
        "spell_start": entry.start,
        "last_activity": last_activity,
        "first_mail": due.first_at if due and question.step > 1 else None,
        "exit_at": due.exit_at if due else None,
        "last_order": person.last_order,
        "last_send": last_send(question),
        "live_from": live_since(question),
        "history_from": history_from,
        "held_since": due.asked_at if due and due.deferrals else None,
        "bounced_at": person.reach.bounced,
        "unwanted_at": person.reach.unwanted,
    }
    told = {name: str(at) for name, at in times.items() if at is not None}
    if due and due.held_by:
        told["held_by"] = due.held_by
    told["consent"] = {True: "true", False: "false", None: "none"}[person.consent]
    if question.cart_id is None:
        told["entry"] = entry.cart_id
    told |= _of_cart(question)
    told |= _of_windows(question)
    return told | _of_hours(question)


def _of_cart(question: Question) -> dict[str, str]:
    told: dict[str, str] = {}
    if cart := question.shown:
        told["items"], told["value"] = str(cart.pieces), str(cart.value)
        if cart.currency:
            told["currency"] = cart.currency
        if question.sold_out:
            told["sold_out"] = str(question.sold_out)
        if question.beside:
            told["carts"] = str(len(question.carts))
    if question.campaign.minimum_value:
        told["minimum_value"] = str(question.campaign.minimum_value)
    return told


def _of_windows(question: Question) -> dict[str, str]:
    campaign = question.campaign
    signal, told = campaign.signal, dict[str, str]()
    if isinstance(signal, Schedule):
        told["scheduled"], told["throttle"] = signal.text, format_length(signal.throttle)
    else:
        told["wait"] = format_length(signal.wait)
    told["reentry"] = format_length(campaign.entered_once_in)
    told["after_order"] = format_length(campaign.after_order)
    for cap in question.governor.caps:
        span = _span(cap)
        told[f"cap_{span}"] = f"{used(cap, question)} of {cap.count}"
        if cap.reserve:
            told[f"reserve_{span}"] = f"{campaign.priority} of {cap.reserve}"
    if own := campaign.cap:
        told[f"campaign_cap_{_span(own)}"] = f"{used(own, question, campaign.name)} of {own.count}"
    if refused := question.person.reach.refused:
        told["refused"] = ",".join(refused)
    for name in campaign.segments.values():
        told[f"segment_{name}"] = "in" if name in question.segments else "out"
    if (named := campaign.on_list) is not None:
        told[f"list_{named}"] = "in" if named in question.person.lists else "out"
    return told


def _span(cap: Cap) -> str:
    return cap.calendar or format_length(cap.within)


def _of_hours(question: Question) -> dict[str, str]:
    """Whose clock was asked, and what it showed; of a country with several zones, the first one's."""
    asked = question.governor.quiet is not None and question.campaign.message_class == MARKETING
    if not asked and not (isinstance(question.campaign.signal, Schedule) and question.campaign.signal.local):
        return {}
    where = whereabouts(question.person.reach, question.governor.zone)
    shown = time_of_day(where.zones[0], question.at)
    told = {"zone": where.name, "zone_by": where.by, "local_time": f"{shown // HOUR:02}:{shown % HOUR // MINUTE:02}"}
    if (until := quiet_until(question)) is not None:
        told["quiet_until"] = str(until)
    return told
