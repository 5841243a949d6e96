"""What a run did to people, read back from its topics, beside what the naive timer would have done."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from connectors import broker
from connectors.wire import decode
from local_stack.shop.arrival import Deliveries
from local_stack.shop.naive import Harm, Mailed, harm, replay
from local_stack.shop.script import T0, Plan
from udfs.time import Millis


@dataclass(frozen=True, slots=True)
class Verdict:
    """The same shop, the same hour, two ways to decide."""

    tidemark: Harm
    naive: Harm
    doubled_share: float

    def closing_lines(self) -> list[str]:
        return [
            f"A processing-time timer would have mailed {self.naive.buyers} people who had already bought; "
            f"Tidemark: {self.tidemark.buyers}.",
            f"Doubled messages: {self.doubled_share:.1%}; carts mailed about twice: {self.naive.twice} with the timer, "
            f"{self.tidemark.twice} with Tidemark.",
        ]


def judge(kafka: str, plan: Plan, post: Deliveries, events: int, doubled: int) -> Verdict:
    """`events` and `doubled` are what the jobs have counted."""
    everything = [*post.history, *post.live, *post.day_after]
    timer, orders = replay(everything, T0, plan.end)
    ours = harm(mails_of(kafka), orders_on(kafka))
    return Verdict(ours, harm(timer.mailed, orders), doubled / max(events, 1))


def mails_of(kafka: str) -> list[Mailed]:
    """Every mail that went out, once for each time that it did."""
    told: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in broker.read_to_end(kafka, ("triggers", "decisions", "sends")):
        decoded = decode(record.value)
        if isinstance(decoded, tuple):
            told[record.topic].append(decoded[1])
    since = {_question(decision): int(decision["facts"]["spell_start"]) for decision in told["decisions"]}
    triggers = {trigger["trigger_id"]: trigger for trigger in told["triggers"]}
    sent = [triggers[send["trigger_id"]] for send in told["sends"] if send["outcome"] == "sent"]
    return [
        Mailed(trigger["user_id"], trigger["cart_id"], since[_question(trigger)], trigger["at"], trigger["step"])
        for trigger in sent
    ]


def orders_on(kafka: str) -> dict[str, list[Millis]]:
    """The moments of everybody's orders, as the purchase topic has them."""
    orders: dict[str, list[Millis]] = defaultdict(list)
    for record in broker.read_to_end(kafka, ("purchase",)):
        decoded = decode(record.value, "purchase")
        if isinstance(decoded, tuple) and decoded[1].get("event") == "Order Completed":
            orders[decoded[1]["user_id"]].append(decoded[1]["timestamp"])
    return orders


def _question(told: dict[str, Any]) -> tuple[str, str, int, Millis]:
    return told["user_id"], told["cart_id"], told["step"], told["at"]
