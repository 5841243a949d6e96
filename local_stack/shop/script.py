"""The whole play: two weeks of history, an hour of sale, the day after; the same for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from local_stack.shop.cast import STORIES
from local_stack.shop.people import Person, people
from local_stack.shop.visitor import Tape, Told, Visitor
from local_stack.shop.visits import MORNING_AFTER, SALE, USUAL, Mood, visit
from udfs.time import DAY, HOUR, MINUTE, SECOND, Millis

T0: Millis = int(datetime(2026, 10, 12, 14, tzinfo=UTC).timestamp() * 1000)  # a Monday
_BY_HOUR = (1, 1, 0, 0, 0, 1, 2, 4, 6, 7, 7, 7, 8, 7, 6, 6, 7, 8, 9, 10, 10, 8, 5, 3)  # visits by local hour


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how busy the play is; `live` and `day_after` are lengths of shop time."""

    seed: int = 12
    days: int = 14
    visits_a_day: int = 240
    live: Millis = 68 * MINUTE
    live_visits: int = 620
    day_after: Millis = 24 * HOUR + 20 * MINUTE
    visits_after: int = 260

    @property
    def live_end(self) -> Millis:
        return T0 + self.live

    @property
    def end(self) -> Millis:
        return self.live_end + self.day_after


FULL = Plan()
SHORT = Plan(days=1, visits_a_day=150, live=16 * MINUTE, live_visits=40, visits_after=10)


def cast_of(plan: Plan) -> tuple[Person, ...]:
    """Everybody who may appear; those with a story have consented."""
    return people(plan.seed, willing=frozenset(STORIES))


def play(plan: Plan) -> list[Told]:
    """Every call in the order of event time."""
    dice = Random(f"play {plan.seed}")
    tape = Tape("lt")
    visitors = [Visitor(person, tape) for person in cast_of(plan)]
    extras = [who for number, who in enumerate(visitors, 1) if number not in STORIES]
    for who in visitors:
        who.sign_up(T0 - plan.days * DAY - dice.randrange(HOUR))
    _fortnight(dice, plan, extras)
    _sale(dice, plan, extras)
    for number, story in STORIES.items():
        story(visitors[number - 1], T0)
    _day_after(dice, plan, extras)
    return sorted((told for told in tape.told if told.at < plan.end), key=lambda told: told.at)


def _fortnight(dice: Random, plan: Plan, visitors: list[Visitor]) -> None:
    for day in range(plan.days):
        midnight = (T0 - T0 % DAY) - (plan.days - day) * DAY + (T0 % DAY)
        starts = sorted(
            (_moment(dice, midnight, who), who.person.id, who) for who in dice.choices(visitors, k=plan.visits_a_day)
        )
        for at, _, who in starts:
            _go(dice, who, at, USUAL, before=T0 - 20 * MINUTE)


def _moment(dice: Random, start: Millis, who: Visitor) -> Millis:
    """A moment within a day of `start` at an hour at which people like them are up."""
    offset = datetime.fromtimestamp(start / 1000, who.person.zone).utcoffset()
    assert offset is not None
    local_hour = dice.choices(range(24), _BY_HOUR)[0]
    at_local = local_hour * HOUR + dice.randrange(HOUR)
    return start + (at_local - start - int(offset.total_seconds()) * 1000) % DAY


def _sale(dice: Random, plan: Plan, visitors: list[Visitor]) -> None:
    """Most come once; every twelfth comes back with the cart still there."""
    guests = dice.sample(visitors, min(plan.live_visits, len(visitors)))
    last_start = max(plan.live - 16 * MINUTE, 2 * MINUTE)
    for who in guests:
        at = _go(dice, who, T0 + dice.randrange(-6 * MINUTE, last_start), SALE)
        again = at + dice.randrange(11 * MINUTE, 25 * MINUTE)
        if dice.random() < 1 / 12 and again < T0 + last_start:
            _go(dice, who, again, SALE)


def _day_after(dice: Random, plan: Plan, visitors: list[Visitor]) -> None:
    """Newsletters are opened, some who left a cart come back for it, somebody sends a thing back."""
    first, last = plan.live_end + 30 * MINUTE, plan.end - 2 * HOUR
    for who in dice.sample(visitors, min(plan.visits_after, len(visitors))):
        at = dice.randrange(first, last)
        if dice.random() < 0.4:
            who.open_newsletter(at - 30 * SECOND)
        if who.has_cart and dice.random() < 0.6:
            who.look_into_cart(at)
            who.pay(at + 3 * MINUTE)
        else:
            _go(dice, who, at, MORNING_AFTER)
        if who.bought and dice.random() < 0.1:
            _, order, total = who.bought[-1]
            who.send_back(at + HOUR, order, total)


def _go(dice: Random, who: Visitor, at: Millis, mood: Mood, before: Millis | None = None) -> Millis:
    """A visit, unless they are still in the shop; nobody starts one after `before`."""
    if at < who.away_until or (before is not None and at > before):
        return at
    end = visit(dice, who, at, mood)
    who.away_until = end + 11 * MINUTE
    return end
