"""Random streams as shops make them: the moves of a few people become records in their order of arrival."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.calls import MUG, call, identify, sent
from tests.disturb import Sent
from udfs.time import HOUR, MINUTE, SECOND, Millis

Move = tuple[int, str, int, int]
"""Who (a number), what (of ACTIONS), how long after the move before it (ms), which product."""

BEGIN: Millis = 1_790_000_000_000
ACTIONS = (
    "view",
    "add",
    "remove",
    "checkout",
    "order",
    "consent",
    "optout",
    "open",
    "strange",
    "again",
    "retry",
    "late",
    "erase",
)
GAPS = (0, 1, 700, 9 * SECOND, 4 * MINUTE, 10 * MINUTE, HOUR, 7 * HOUR)
MOVES = st.tuples(st.integers(0, 29), st.sampled_from(ACTIONS), st.sampled_from(GAPS), st.integers(0, 3))


def told(moves: list[Move]) -> list[Sent]:
    """The moves as records as they arrive: some twice or under another time, some late, some out of order."""
    log: list[Sent] = []
    said: list[tuple[str, str, str, int]] = []
    at = BEGIN + MINUTE
    for number, (person, action, gap, item) in enumerate(moves):
        at += gap
        user, message = f"p{person}", f"m{number}"
        if action == "again" and log:
            log.append(log[-1 - number % min(len(log), 5)])
        elif action == "retry" and said:
            what, user, message, item = said[-1 - number % min(len(said), 5)]
            log.append(sent(spoken(what, at, user, message, item)))
        elif action == "erase":
            log.append(Sent("cart", user.encode(), None, at))
        else:
            said.append((action, user, message, item))
            log.append(
                sent(spoken(action, at - (20 * SECOND if action == "late" else item * SECOND), user, message, item))
            )
    return log


def spoken(action: str, at: Millis, user: str, message: str, item: int) -> dict[str, Any]:
    """One call in Segment's spec."""
    mug = MUG | {"product_id": f"p{item}", "variant": None, "quantity": 1 + item % 2}
    cart = {"cart_id": f"c{item % 2}", "currency": "EUR"}
    match action:
        case "consent" | "optout":
            return identify(at, user, message, email=f"{user}@shop.example", consent={"marketing": action == "consent"})
        case "add" | "late":
            return call("Product Added", at, user, message, **cart, **mug)
        case "remove":
            return call("Product Removed", at, user, message, **cart, product_id=f"p{item}")
        case "checkout":
            return call("Checkout Started", at, user, message, **cart, products=[mug] * (item > 0))
        case "order":
            return call(
                "Order Completed", at, user, message, order_id=message, total=25, products=[mug], currency="EUR"
            )
        case "open":
            return call("Email Opened", at, user, message, campaign="cart_abandonment", step=1, channel="email")
        case "strange":
            return call("Wheel Spun", at, user, message, prize=item)
        case _:
            return call("Product Viewed", at, user, message, currency="EUR", **mug)
