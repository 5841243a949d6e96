"""How times, lengths and amounts are written for a person."""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.money import exponent
from udfs.time import DAY, HOUR, MINUTE, SECOND, Millis


def clock_time(at: Millis) -> str:
    """14:02, or 14:11:59 where the seconds matter; UTC."""
    moment = datetime.fromtimestamp(at // 1000, UTC)
    return moment.strftime("%H:%M:%S" if moment.second else "%H:%M")


def instant(at: Millis) -> str:
    """2026-10-12 14:02:00Z."""
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def day(at: Millis) -> str:
    return datetime.fromtimestamp(at // 1000, UTC).strftime("%A %Y-%m-%d")


def day_and_time(at: Millis, beside: Millis) -> str:
    """The time, with its day where that is not the day of `beside`."""
    same = at // DAY == beside // DAY
    return clock_time(at) if same else f"{clock_time(at)} on {day(at)}"


def about(length: Millis) -> str:
    """A length in its largest fitting unit: 1 s, 81 s, 5 min, 3 h, 2 days."""
    if length < 10 * SECOND and length % SECOND:
        return f"{length / SECOND:.1f} s"
    for unit, name, most in ((SECOND, "s", 2 * MINUTE), (MINUTE, "min", 2 * HOUR), (HOUR, "h", 2 * DAY)):
        if length < most:
            return f"{round(length / unit)} {name}"
    return f"{round(length / DAY)} days"


def money(amount: int, currency: str | None) -> str:
    """5400 and EUR: 54.00 EUR."""
    digits = exponent(currency)
    return f"{amount / 10**digits:.{digits}f} {currency or ''}".rstrip()


def count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number:,} {thing}s"
