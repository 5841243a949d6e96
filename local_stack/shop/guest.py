"""You in the shop: somebody nobody has seen before leaves a cart, or buys at the last second."""

from __future__ import annotations

import time
from dataclasses import dataclass

from local_stack.shop.arrival import Delivery
from local_stack.shop.catalogue import Product, products
from local_stack.shop.clock import ShopClock, wall_now
from local_stack.shop.people import Person
from local_stack.shop.till import Till
from local_stack.shop.visitor import Tape, Visitor, encode_call
from udfs.time import Millis


@dataclass(slots=True)
class Guest:
    """Acts now, in shop time; everything is told to Kafka as soon as it is done."""

    visitor: Visitor
    clock: ShopClock
    till: Till
    told: int = 0

    @property
    def id(self) -> str:
        return self.visitor.person.id

    def leave_cart(self, things: tuple[Product, ...]) -> Millis:
        """Sign up with consent and fill a cart; the moment of its last change."""
        self.visitor.sign_up(self.clock.now())
        for thing in things:
            self.visitor.look(self.clock.now(), thing)
            at = self.clock.now()
            self.visitor.add(at, thing)
        self._tell()
        return at

    def pay_at(self, at: Millis) -> None:
        """Wait for the moment, then order."""
        time.sleep(max(self.clock.seconds_until(at), 0))
        self.visitor.pay(at)
        self._tell()

    def _tell(self) -> None:
        for told in self.visitor.tape.told[self.told :]:
            self.till.take(Delivery(told.at, encode_call(told.call, told.at)))
        self.told = len(self.visitor.tape.told)
        self.till.flush()


def newcomer(clock: ShopClock, till: Till) -> Guest:
    """A person with consent and an id of their own."""
    name = f"you_{wall_now() % 100_000_000:08}"
    person = Person(
        name, "You", "Yourself", f"{name}@example.com", "Europe/Berlin", "DE", "en-GB", "desktop", True, "gold"
    )
    return Guest(Visitor(person, Tape(name)), clock, till)


def things(*names: str) -> tuple[Product, ...]:
    return tuple(product for product in products() if product.name in names)
