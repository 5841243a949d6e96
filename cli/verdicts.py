"""A decision, and what became of it, as a sentence: every reason of the closed list in words, with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from cli.wording import about, count, day_and_time, money
from udfs.abandonment import VIEWED
from udfs.decisions import SEND, WOULD_HAVE_SENT
from udfs.outputs import Decision
from udfs.time import parse_length

NEVER_ENTERED = frozenset({"below_minimum", "not_in_audience"})


def verdict(decision: Decision) -> str:
    """What was answered, and why."""
    what, facts = _called(decision), decision.facts
    if decision.wake_at is not None and decision.reason == "orders_silent":
        until = day_and_time(decision.wake_at, decision.at)
        return f"{what} put off until orders come in again, {until} at the latest: {reason(decision)}"
    if decision.wake_at is not None:
        return f"{what} put off to {day_and_time(decision.wake_at, decision.at)}: {reason(decision)}"
    if decision.outcome == SEND and decision.cart_id is None:
        of = f", variant {decision.variant}" if decision.variant else ""
        return f"{what}: {decision.campaign}{of}{_set_for(facts)}"
    if decision.outcome == SEND:
        value = money(int(facts.get("value", 0)), facts.get("currency"))
        quiet = f"; {_length('wait', decision)} without a sign of life" if decision.step == 1 else ""
        where = f" in {count(int(facts['carts']), 'cart')}" if "carts" in facts else ""
        gone = f", {count(int(facts['sold_out']), 'line')} left out as sold out" if "sold_out" in facts else ""
        variant = f"; variant {decision.variant}" if decision.variant else ""
        left = f"{count(int(facts.get('items', 0)), 'item')} left behind{where}, {value}{gone}"
        return f"{what}: {left}{quiet}{variant}"
    if decision.reason == "holdout":
        return f"no {what}: belongs to the group that gets none, for comparison"
    if decision.outcome == WOULD_HAVE_SENT:
        return f"no {what}: it would have gone out, but the campaign was not live before {_when('live_from', decision)}"
    return f"{'did not enter' if decision.reason in NEVER_ENTERED else f'no {what}'}: {reason(decision)}"


def _called(decision: Decision) -> str:
    """A later mail about what was left behind reminds of it; that of another campaign has a number."""
    if decision.step == 1:
        return "mail"
    return "reminder" if decision.cart_id is not None or _about_looks(decision) else f"mail {decision.step}"


def _about_looks(decision: Decision) -> bool:
    return decision.facts.get("entry") == VIEWED


def _set_for(facts: Mapping[str, str]) -> str:
    """When a scheduled mail was meant for, and what the person's clock showed when it was their turn."""
    if (said := facts.get("scheduled")) is None:
        return ""
    day, _, clock = said.removesuffix("Z").partition("T")
    if said.endswith("Z"):
        return f", set for {day} {clock[:5]} UTC"
    return f", set for {day} {clock[:5]} where they are (it was {facts.get('local_time')} in {facts.get('zone')})"


def sending(outcome: str, reason: str) -> str:
    """What became of a trigger."""
    if outcome == "sent":
        return "sent"
    words = {
        "converted": "ordered meanwhile",
        "no_consent": "said no to marketing mail meanwhile",
        "no_address": "no address is known",
        "expired": "it would have come too late",
        "unavailable_item": "all that was left is sold out",
    }
    said = words.get(reason, reason.replace("_", " "))
    return f"not sent at the last look: {said}" if outcome == "not_sent" else f"{outcome}: {said}"


def reason(decision: Decision) -> str:
    """Why, in words; a reason that is not known here yet is told by its name."""
    told = _REASONS.get(decision.reason)
    return told(decision) if told else decision.reason.replace("_", " ")


def _no_consent(decision: Decision) -> str:
    refused, consent = decision.facts.get("refused"), decision.facts.get("consent")
    if refused and consent == "true":
        return f"said no to {refused.replace(',', ', ')}"
    return "said no to marketing mail" if consent == "false" else "never said yes to such mail"


def _suppressed(decision: Decision) -> str:
    if "bounced_at" in decision.facts:
        return f"a mail to the address came back at {_when('bounced_at', decision)}"
    if "unwanted_at" in decision.facts:
        return f"the address asked for no more of it at {_when('unwanted_at', decision)}"
    return "the address takes no such mail"


def _capped(decision: Decision) -> str:
    full = ", ".join(f"{said} in {span}" for span, said in _caps(decision.facts) if _is_full(said))
    return "has had as many mails as one person should get" + (f" ({full})" if full else "")


def _caps(facts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, said in sorted(facts.items()):
        before, cap, span = name.rpartition("cap_")
        if cap and before in ("", "campaign_"):
            yield span, said


def _is_full(said: str) -> bool:
    used, _, most = said.partition(" of ")
    return used.isdigit() and most.isdigit() and int(used) >= int(most)


def _quiet_hours(decision: Decision) -> str:
    if decision.wake_at is not None and "local_time" in decision.facts:
        return f"it was {decision.facts['local_time']} in {decision.facts['zone']}"
    return "not at this hour, or another one that had waited went out instead"


def _below_minimum(decision: Decision) -> str:
    facts = decision.facts
    worth, asked = (money(int(facts.get(name, 0)), facts.get("currency")) for name in ("value", "minimum_value"))
    return f"cart worth {worth}, the campaign asks {asked}"


def _not_in_audience(decision: Decision) -> str:
    told = {name.removeprefix("segment_"): said for name, said in decision.facts.items() if name.startswith("segment_")}
    places = [f"{'not ' if said == 'out' else ''}in the segment {name}" for name, said in sorted(told.items())]
    lists = {name.removeprefix("list_"): said for name, said in decision.facts.items() if name.startswith("list_")}
    places += [f"{'not ' if said == 'out' else ''}on the list {name}" for name, said in sorted(lists.items())]
    return ", ".join(places) or "not one of those whom the campaign is for"


def _superseded(decision: Decision) -> str:
    if merged_at := decision.facts.get("merged_at"):
        sent = int(merged_at) <= decision.at
        which = f"mail of {_when('merged_at', decision)}" if sent else f"reminder of {_when('merged_at', decision)}"
        return f"the {which} about another cart {'showed' if sent else 'shows'} this one, too"
    if decision.cart_id is not None:
        what = "changed the cart"
    else:
        what = "put something into a cart" if _about_looks(decision) else "the order was cancelled or given back"
    return f"{what} at {_when('exit_at', decision)}, {_since(decision)}"


def _since(decision: Decision) -> str:
    if "first_mail" in decision.facts:
        return "after the first mail"
    return "while it was put off" if "held_since" in decision.facts else "before it was due"


def _length(fact: str, decision: Decision) -> str:
    said = decision.facts.get(fact)
    return about(parse_length(said)) if said else "a while"


def _when(fact: str, decision: Decision) -> str:
    said = decision.facts.get(fact)
    return day_and_time(int(said), decision.at) if said else "some time"


_REASONS: Mapping[str, Callable[[Decision], str]] = {
    "no_consent": _no_consent,
    "suppressed": _suppressed,
    "no_address": lambda _: "no address is known",
    "ordered_recently": lambda one: (
        f"ordered at {_when('last_order', one)}, within the last {_length('after_order', one)}"
    ),
    "converted": lambda one: f"ordered at {_when('exit_at', one)}, {_since(one)}",
    "cart_empty": lambda _: "nothing is in the cart any more",
    "reentry_blocked": lambda one: f"had one at {_when('last_send', one)}; one in {_length('reentry', one)} is enough",
    "capped": _capped,
    "reserved": lambda _: "the last mail that one person should get is kept for something more important",
    "hush": lambda _: "has just had a mail that was owed",
    "quiet_hours": _quiet_hours,
    "expired": lambda _: "it would have come too late",
    "paused": lambda _: "the campaign is paused",
    "superseded": _superseded,
    "unavailable_item": lambda _: "all that was left is sold out",
    "orders_silent": lambda _: "no order came in from anybody, so nobody can be said not to have ordered",
    "below_minimum": _below_minimum,
    "not_in_audience": _not_in_audience,
    "campaign_ended": lambda _: "the campaign, or this step of it, has ended",
}
