"""Amounts as people write them become whole minor units of their currency."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

MAX_MINOR = 10**13
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
_DIGITS = {code: digits for codes, digits in ((_WHOLE, 0), (_THOUSANDTHS, 3)) for code in codes.split()}


def exponent(currency: str | None) -> int:
    """Digits behind the point of a currency (ISO 4217); two where nobody says which currency it is."""
    return _DIGITS.get(currency or "", 2)


def to_minor(amount: object, digits: int) -> int:
    """`12.5` or `"12.50"` with two digits is 1250; halves round up. ValueError for what is no amount."""
    if isinstance(amount, bool) or not isinstance(amount, int | float | str):
        raise ValueError("is not an amount")
    try:
        # A float's shortest spelling is what the sender wrote: 0.285 is 0.285 here, not 0.28499999.
        minor = int(Decimal(str(amount)).scaleb(digits).quantize(Decimal(1), ROUND_HALF_UP))
    except (ArithmeticError, ValueError):
        raise ValueError("is not an amount") from None
    if not 0 <= minor <= MAX_MINOR:
        raise ValueError("is negative or too large")
    return minor
