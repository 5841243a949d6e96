"""What must hold of conditions: they are read or refused with a hint, and answer until when they are true."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs import facts as parts
from udfs.cart_lines import CartLine
from udfs.carts import Cart, Carts
from udfs.facts import Facts, Seen, Traits
from udfs.orders import Order, Orders
from udfs.rfm import Rfm
from udfs.scores import NEVER, Score, ScoreSpec
from udfs.segment_conditions import Answer, Condition, compiled
from udfs.segment_grammar import And, Compared, Holds, Name, Never, Not, Or, Unknown, parse
from udfs.segment_terms import Quantity, Term, Vocabulary
from udfs.segment_words import ConditionError
from udfs.segments import OUTSIDE, SegmentSpec, Standing, segment
from udfs.time import DAY, HOUR, MINUTE, Millis

RFM = Rfm(365 * DAY, (30 * DAY, 60 * DAY, 120 * DAY, 240 * DAY), (2, 3, 5, 8), (50, 150, 300, 600))
SPECS = {
    "intent_1h": ScoreSpec("intent_1h", HOUR, MINUTE, {}),
    "views_1h": ScoreSpec("views_1h", HOUR, MINUTE, {}, by_category=True),
}
NOW = 1_000 * DAY
NOBODY = parts.unknown(NOW)


def condition(text: str, history_from: Millis = 0) -> Condition:
    return compiled(parse(text), Vocabulary(SPECS, RFM, history_from))


def ask(text: str, facts: Facts = NOBODY, at: Millis = NOW, history_from: Millis = 0, **scores: Score) -> Answer:
    return condition(text, history_from).ask(facts, scores, at)


def buyer(*orders: tuple[Millis, int]) -> Facts:
    history = tuple(Order(at, revenue) for at, revenue in orders)
    at = [order.at for order in history]
    kept = Orders(len(history), sum(revenue for _, revenue in orders), "EUR", min(at), max(at), max(at), None, history)
    return Facts(Seen(at[0], at[-1], at[-1]), kept)


def told(**traits: object) -> Facts:
    return Facts(Seen(NOW, NOW, NOW), traits=Traits(traits))


def test_not_binds_closer_than_and_and_and_closer_than_or() -> None:
    """As everybody reads it who has read conditions before."""
    assert parse("not a and b or c") == Or((And((Not(Holds(Name("a"))), Holds(Name("b")))), Holds(Name("c"))))
    assert parse("not (a or b)") == Not(Or((Holds(Name("a")), Holds(Name("b")))))


def test_every_statement_of_the_grammar_is_read() -> None:
    """One of each kind."""
    assert parse("orders within 90d >= 2") == Compared(Name("orders", 90 * DAY), ">=", (2,))
    assert parse("trait.tier in ['gold', \"silver\"]") == Compared(Name("trait.tier"), "in", ("gold", "silver"))
    assert parse("trait.vegan == true") == Compared(Name("trait.vegan"), "==", (True,))
    assert parse("average_order > 12.5") == Compared(Name("average_order"), ">", (12.5,))
    assert parse("last_order never") == Never(Name("last_order"))
    assert parse("country unknown") == Unknown(Name("country"))
    assert parse("net_revenue >= 50_000") == Compared(Name("net_revenue"), ">=", (50_000,))


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("intnt_1h >= 3", 1, "Did you mean 'intent_1h'?"),
        ("intent_1h >= 3 && orders > 1", 16, "Write 'and'."),
        ("intent_1h = 3", 11, "Write '=='."),
        ("intent_1h >= 3 AND orders > 1", 16, "Write 'and'."),
        ("intent_1h >= three", 14, "Put texts in quotes: 'three'."),
        ("intent_1h", 1, "Compare it with a number"),
        ("intent_1h > 'a lot'", 1, "Compare it with a number"),
        ("(orders > 1", 12, "Close the bracket."),
        ("orders in 1, 2", 11, "brackets"),
        ("last_order > 3", 1, "last_order within 30d"),
        ("last_order within 3 days", 19, "a length such as 30d"),
        ("last_order within 900d", 1, "A person is kept 400 days."),
        ("orders within 400d > 1", 1, "At most 365d"),
        ("country within 3d", 1, "take 'within'"),
        ("country never", 1, "unknown"),
        ("country", 1, "Compare it"),
        ("country == 3", 1, "Compare it with a text"),
        ("country not in ['DE']", 9, "Write 'not country"),
        ("trait.name == 'Ada", 15, "Close it with the same quote."),
        ("views_1h >= 3", 1, "views_1h.<category>"),
        ("intent_1h.shoes >= 3", 1, "Write 'intent_1h' alone."),
        ("orders > 1 orders < 3", 12, "Join conditions"),
        ("suppressed > true", 1, "=="),
        ("orders > 12x", 10, "Numbers are"),
        ("and", 1, "Name a score"),
        ("", 1, "a score, a fact or a trait"),
        ("__import__('os').system('ls')", 17, "docs/segments.md"),
        (f"orders > {'9' * 400}.0", 10, "At most 20"),
        ("orders > 1; drop", 11, "docs/segments.md"),
    ],
)
def test_what_cannot_be_understood_is_refused_at_its_column_with_a_hint(text: str, column: int, says: str) -> None:
    """Whoever writes a segment is told where it is wrong and what to write."""
    with pytest.raises(ConditionError) as refused:
        condition(text)
    assert refused.value.column == column
    assert says in str(refused.value)


@given(st.text(max_size=60) | st.text("()[]not and or<>=!'\"0123 dh.,_inwithever", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing that stands in a file can do more than be refused."""
    refused = None
    try:
        condition(text)
    except ConditionError as error:
        refused = error
    assert refused is None or (1 <= refused.column <= len(text) + 1 and refused.hint)


@pytest.mark.parametrize(
    "text", ["(" * 300 + "orders > 1" + ")" * 300, "not " * 300 + "orders > 1", "orders > 1 " * 300]
)
def test_a_condition_of_any_depth_or_length_is_refused_and_breaks_nothing(text: str) -> None:
    """The reader does not climb down without end."""
    with pytest.raises(ConditionError):
        condition(text)


def test_within_is_true_until_the_length_has_passed() -> None:
    """The window is (at - length, at]; at the length itself it has passed."""
    facts = buyer((NOW, 100))
    assert ask("last_order within 30d", facts) == (True, NOW + 30 * DAY)
    assert ask("last_order within 30d", facts, NOW + 30 * DAY - 1) == (True, NOW + 30 * DAY)
    assert ask("last_order within 30d", facts, NOW + 30 * DAY) == (False, NEVER)


def test_absence_over_more_than_was_seen_is_unknown_until_enough_was_seen() -> None:
    """No order for 90 days cannot be said after 30 days of data."""
    seen_for_30_days = NOW - 30 * DAY
    assert ask("not last_order within 90d", history_from=seen_for_30_days) == (None, NOW + 60 * DAY)
    assert ask("not last_order within 90d", at=NOW + 60 * DAY, history_from=seen_for_30_days) == (True, NEVER)
    assert ask("last_order within 90d", buyer((NOW, 1)), history_from=seen_for_30_days)[0] is True


def test_never_speaks_of_what_was_seen_and_not_within_of_a_length() -> None:
    """They are different words: never is known from the first day on."""
    assert ask("last_order never", history_from=NOW) == (True, NEVER)
    assert ask("not last_order within 1d", history_from=NOW)[0] is None


def test_a_first_order_may_not_be_the_first_when_the_past_was_not_seen() -> None:
    """An old customer must not be welcomed as a new one in the first month of a deployment."""
    facts = buyer((NOW, 1))
    assert ask("first_order within 30d", facts, history_from=NOW - DAY) == (None, NOW + 29 * DAY)
    assert ask("first_order within 30d", facts, NOW + 29 * DAY, NOW - DAY) == (True, NOW + 30 * DAY)
    assert ask("first_order within 30d", facts, NOW + 30 * DAY, NOW - DAY) == (False, NEVER)


def test_enough_revenue_is_known_even_if_not_all_of_it_was_seen() -> None:
    """What was not seen could only add to it; too little may be enough."""
    rich, poor = buyer((NOW, 600)), buyer((NOW, 5))
    assert ask("net_revenue within 365d >= 500", rich, history_from=NOW)[0] is True
    assert ask("net_revenue within 365d < 500", rich, history_from=NOW)[0] is False
    assert ask("net_revenue within 365d >= 500", poor, history_from=NOW) == (None, NOW + 365 * DAY)
    assert ask("net_revenue within 365d >= 500", poor) == (False, NEVER)


def test_the_next_change_is_the_first_that_turns_the_truth() -> None:
    """Of two orders the one that takes the sum below the limit counts, not the first that leaves."""
    facts = buyer((NOW - 9 * DAY, 10), (NOW - 5 * DAY, 100))
    assert ask("net_revenue within 10d >= 100", facts) == (True, NOW + 5 * DAY)
    assert ask("net_revenue within 10d >= 105", facts) == (True, NOW + 1 * DAY)
    assert ask("orders within 10d == 1", facts) == (False, NOW + 1 * DAY)


def test_a_score_answers_until_it_falls_below_the_limit() -> None:
    """So that a person cools down by the clock, without an event."""
    score = Score(((NOW, 2), (NOW + MINUTE, 3)), 5)
    assert ask("intent_1h >= 5", at=NOW, intent_1h=score) == (False, NOW + 2 * MINUTE)
    assert ask("intent_1h >= 5", at=NOW + 2 * MINUTE, intent_1h=score) == (True, NOW + HOUR + MINUTE)
    assert ask("intent_1h > 2.5", at=NOW + 2 * MINUTE, intent_1h=score) == (
        True,
        NOW + HOUR + 2 * MINUTE - MINUTE + MINUTE,
    )


def test_and_is_false_as_long_as_one_part_is() -> None:
    """The longest lasting no decides when to look again; a lasting one spares the wake-up."""
    facts = buyer((NOW, 1))
    assert ask("not last_order within 10d and not last_order within 30d", facts) == (False, NOW + 30 * DAY)
    assert ask("orders > 5 and not last_order within 30d", facts) == (False, NEVER)
    assert ask("last_order within 10d or last_order within 30d", facts) == (True, NOW + 30 * DAY)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("trait.plan == 'pro'", True),
        ("trait.plan != 'pro'", False),
        ("trait.plan in ['free', 'pro']", True),
        ("trait.plan > 3", None),
        ("trait.plan != 3", None),
        ("trait.age >= 18", True),
        ("trait.age == 18.0", False),
        ("trait.vegan", True),
        ("trait.vegan == 1", None),
        ("trait.plan", None),
        ("trait.missing == 'x'", None),
        ("not trait.missing == 'x'", None),
        ("trait.missing unknown", True),
        ("trait.plan unknown", False),
        ("trait.address.city == 'Oslo'", True),
        ("trait.plan.city == 'Oslo'", None),
        ("consent.marketing", True),
        ("not consent.profiling", None),
        ("trait.joined >= '2026-01-01'", True),
        ("suppressed", False),
        ("loyalty_tier == 'gold'", True),
        ("orders == 0 or trait.missing > 3", True),
        ("orders > 0 or trait.missing > 3", None),
        ("orders > 0 and trait.missing > 3", False),
    ],
)
def test_traits_compare_with_values_of_their_own_kind_and_are_unknown_otherwise(text: str, truth: bool | None) -> None:
    """Unknown is not a member, and neither is its opposite."""
    facts = told(
        plan="pro",
        age=30,
        vegan=True,
        address={"city": "Oslo"},
        consent={"marketing": True},
        joined="2026-03-01",
        loyalty_tier="gold",
    )
    assert ask(text, facts) == (truth, NEVER)


def test_the_cart_counts_pieces_and_their_value() -> None:
    """The last cart with something in it is the cart."""
    carts = Carts((Cart("full", NOW, (CartLine("mug", None, 2, 300),)), Cart("empty", NOW)))
    facts = Facts(Seen(NOW, NOW, NOW), carts=carts)
    assert ask("cart_items == 2 and cart_value >= 600 and cart_changed within 1h", facts) == (True, NOW + HOUR)
    assert ask("cart_items > 0")[0] is False


def test_grades_follow_the_thresholds_and_fall_by_the_clock() -> None:
    """A champion who stays away is one no more, at the very instant."""
    facts = buyer(*((NOW - day * DAY, 100) for day in (100, 50, 20, 10, 1)))
    champion = "rfm_recency >= 4 and rfm_frequency >= 4 and rfm_monetary >= 4"
    assert ask(champion, facts) == (True, NOW + 59 * DAY)
    assert ask("rfm_recency == 5", facts) == (True, NOW + 29 * DAY)
    assert ask("rfm_frequency == 4", facts) == (True, NOW + 265 * DAY)
    assert ask("rfm_recency == 0 and rfm_frequency == 0 and rfm_monetary == 0")[0] is True
    assert ask("rfm_recency <= 2", history_from=NOW)[0] is None


class Followed(Vocabulary):
    """Answers by following the whole course of a number."""

    def find(self, name: Name) -> Term:
        term = super().find(name)
        return replace(term, reaches=None) if isinstance(term, Quantity) else term


ORDERS = st.lists(
    st.builds(
        Order,
        st.sampled_from([0, 1, 29, 30, 31, 200, 364, 365, 366]).map(lambda days: NOW - days * DAY),
        st.integers(0, 400),
        st.sampled_from([1, 1, 0]),
        st.none(),
        st.sampled_from(["EUR", None, "USD"]),
    ),
    max_size=12,
)
FREE = Rfm(RFM.window, RFM.recency, (0, 2, 3, 5), (-5, 0, 150, 300))
GRADES = st.tuples(st.sampled_from(["rfm_frequency", "rfm_monetary"]), st.integers(0, 6))
COUNTS = st.tuples(st.sampled_from(["orders within 30d", "orders within 365d"]), st.integers(0, 6))
MONEY = st.tuples(st.just("net_revenue within 365d"), st.integers(-1, 1_200))


@settings(max_examples=500)
@given(
    ORDERS,
    GRADES | COUNTS | MONEY,
    st.sampled_from([">=", ">", "<", "<="]),
    st.sampled_from([0, 40, 400]),
    st.sampled_from([RFM, FREE]),
)
def test_a_limit_is_answered_without_looking_at_every_order(
    orders: list[Order], limit: tuple[str, int], sign: str, seen_for: int, rfm: Rfm
) -> None:
    """As it is by following what each order adds until it leaves, and until the same instant."""
    history = tuple(sorted(orders, key=lambda order: order.at))
    facts = Facts(Seen(NOW, NOW, NOW), Orders(history=history, currency="EUR"))
    quick, whole = (
        compiled(parse(f"{limit[0]} {sign} {limit[1]}"), kind(SPECS, rfm, NOW - seen_for * DAY)).ask(facts, {}, NOW)
        for kind in (Vocabulary, Followed)
    )
    assert quick == whole


SPEC = SegmentSpec("away", parse("not last_order within 10d"), parse("last_order within 1d"), HOUR)


def test_enter_must_hold_for_its_stay_without_a_break() -> None:
    """An hour less a millisecond is not an hour."""
    away = segment(SPEC, Vocabulary(SPECS, RFM, 0))
    holding = away.judge(OUTSIDE, NOBODY, {}, NOW, NOW)
    assert holding == Standing(None, NOW, NOW + HOUR)
    assert away.judge(holding, NOBODY, {}, NOW + HOUR - 1, NOW + HOUR - 1) == holding
    assert away.judge(holding, NOBODY, {}, NOW + HOUR, NOW + HOUR).since == NOW + HOUR
    assert away.judge(holding, buyer((NOW + 5, 1)), {}, NOW + 5, NOW + 4).holding is None


def test_an_event_at_the_deadline_of_a_stay_comes_before_it() -> None:
    """The last moment belongs to the customer."""
    away = segment(SPEC, Vocabulary(SPECS, RFM, 0))
    holding = Standing(None, NOW, NOW + HOUR)
    assert away.judge(holding, NOBODY, {}, NOW + HOUR, NOW + HOUR - 1) == holding


def test_with_a_leave_of_its_own_a_member_stays_until_that_is_true() -> None:
    """So nobody flickers at a threshold."""
    away = segment(SPEC, Vocabulary(SPECS, RFM, 0))
    facts = buyer((NOW - 5 * DAY, 1))
    assert away.judge(Standing(NOW - DAY), facts, {}, NOW, NOW) == Standing(NOW - DAY, None, NEVER)
    assert away.judge(Standing(NOW - DAY), buyer((NOW, 1)), {}, NOW, NOW).since is None
