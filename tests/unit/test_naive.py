"""The naive timer is run honestly: it does what such timers do, no worse."""

from __future__ import annotations

from typing import Any

from local_stack.shop.arrival import deliveries
from local_stack.shop.naive import WAIT, Harm, Mailed, NaiveTimer, harm, replay
from local_stack.shop.script import SHORT, T0
from udfs.time import MINUTE, SECOND, Millis


def identify(willing: bool = True) -> dict[str, Any]:
    return {"type": "identify", "userId": "u", "traits": {"consent": {"marketing": willing}}}


def track(event: str, cart: str = "c") -> dict[str, Any]:
    return {"type": "track", "userId": "u", "event": event, "properties": {"cart_id": cart}}


def timer(*heard: tuple[Millis, dict[str, Any]], consent: bool = True) -> list[Mailed]:
    """Mails of a timer that heard these calls at once when they happened."""
    naive = NaiveTimer()
    naive.hear(0, identify(consent), 0)
    for at, call in heard:
        naive.hear(at, call, at)
    naive.run_until(24 * 60 * MINUTE)
    return naive.mailed


def test_a_cart_left_alone_is_mailed_about_after_ten_minutes() -> None:
    """The timer is right where nothing is delayed."""
    assert timer((0, track("Product Added"))) == [Mailed("u", "c", 0, WAIT)]


def test_an_order_that_has_arrived_stops_the_timer() -> None:
    """It is not made to look worse than it is."""
    assert timer((0, track("Product Added")), (WAIT - 1, track("Order Completed"))) == []


def test_nobody_without_consent_is_mailed() -> None:
    """The rules that have nothing to do with time are the same on both sides."""
    assert timer((0, track("Product Added")), consent=False) == []


def test_every_cart_event_starts_the_ten_minutes_anew() -> None:
    """As the cart's own timer in Tidemark would."""
    mails = timer((0, track("Product Added")), (5 * MINUTE, track("Product Added")))
    assert [mail.at for mail in mails] == [15 * MINUTE]


def test_an_order_on_its_way_does_not_stop_the_timer() -> None:
    """Where the harm comes from: the order happened in time and arrived a minute too late."""
    naive = NaiveTimer()
    naive.hear(0, identify(), 0)
    naive.hear(0, track("Product Added"), 0)
    naive.hear(WAIT + MINUTE, track("Order Completed"), WAIT - SECOND)
    assert harm(naive.mailed, {"u": [WAIT - SECOND]}) == Harm(mails=1, buyers=1, twice=0)


def test_a_message_that_comes_again_mails_again() -> None:
    """The other harm: a retry out of a pocket looks like a cart event."""
    again = track("Product Added")
    assert harm(timer((0, again), (WAIT + MINUTE, again)), {}) == Harm(mails=2, buyers=0, twice=1)


def test_an_order_after_the_mail_is_no_harm() -> None:
    """That is what the mail is for."""
    assert harm([Mailed("u", "c", 0, WAIT)], {"u": [WAIT + 1]}).buyers == 0


def test_the_short_play_already_shows_the_difference() -> None:
    """The closing line has something to say even in a test."""
    post = deliveries(SHORT)
    naive, orders = replay([*post.history, *post.live, *post.day_after], T0, SHORT.end)
    assert harm(naive.mailed, orders).buyers > 0
