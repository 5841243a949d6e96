"""Amounts as people write them: 1299 minor units of EUR are €12.99 to a Londoner and 12,99 € to a Berliner."""

from __future__ import annotations

from typing import NamedTuple

from connectors.money import exponent

NARROW_SPACE = "\u202f"
HARD_SPACE = "\u00a0"

_SYMBOLS = {
    "AUD": "A$", "BRL": "R$", "CAD": "CA$", "CNY": "CN¥", "CZK": "Kč", "DKK": "kr.", "EUR": "€", "GBP": "£",
    "HUF": "Ft", "ILS": "₪", "INR": "₹", "JPY": "¥", "KRW": "₩", "MXN": "MX$", "NOK": "kr", "NZD": "NZ$", "PLN": "zł",
    "SEK": "kr", "TRY": "₺", "UAH": "₴", "USD": "$", "VND": "₫", "ZAR": "R",
}  # fmt: skip
_AT_HOME = {"AU": ("AUD", "$"), "CA": ("CAD", "$"), "CN": ("CNY", "¥"), "MX": ("MXN", "$"), "NZ": ("NZD", "$")}


class Manner(NamedTuple):
    """How a language writes an amount."""

    thousands: str
    point: str
    symbol_first: bool
    gap: str = ""


_PLAIN = Manner(",", ".", True)
_BEHIND = Manner(".", ",", False, HARD_SPACE)
_SPACED = Manner(HARD_SPACE, ",", False, HARD_SPACE)
_MANNERS = {
    "en": _PLAIN, "ja": _PLAIN, "ko": _PLAIN, "zh": _PLAIN, "he": Manner(",", ".", False, HARD_SPACE),
    "de": _BEHIND, "es": _BEHIND, "it": _BEHIND, "da": _BEHIND, "el": _BEHIND, "ro": _BEHIND, "id": _BEHIND,
    "hr": _BEHIND, "sl": _BEHIND,
    "fr": Manner(NARROW_SPACE, ",", False, HARD_SPACE),
    "pt": _SPACED, "sv": _SPACED, "fi": _SPACED, "nb": _SPACED, "no": _SPACED, "pl": _SPACED, "cs": _SPACED,
    "sk": _SPACED, "bg": _SPACED, "uk": _SPACED, "hu": _SPACED, "et": _SPACED, "lt": _SPACED, "lv": _SPACED,
    "nl": Manner(".", ",", True, HARD_SPACE), "tr": Manner(".", ",", True),
    "pt-BR": Manner(".", ",", True, HARD_SPACE), "de-CH": Manner("’", ".", True, HARD_SPACE),
    "de-AT": Manner(HARD_SPACE, ",", True, HARD_SPACE), "fr-CH": Manner(NARROW_SPACE, ",", False, HARD_SPACE),
    "es-MX": _PLAIN,
}  # fmt: skip


def format_price(minor: int, currency: str | None, locale: str | None = None) -> str:
    """Minor units for a reader of `locale` (BCP 47; English if unknown); without a currency, the bare number."""
    language, region = _split(locale)
    manner = _MANNERS.get(f"{language}-{region}") or _MANNERS.get(language, _PLAIN)
    number = _number(abs(minor), exponent(currency), manner)
    sign = "\u2212" if minor < 0 else ""
    if currency is None:
        return sign + number
    symbol = _symbol(currency, region)
    if not manner.symbol_first:
        return f"{sign}{number}{manner.gap}{symbol}"
    # A code of letters needs air: CHF 12.90, but $12.90.
    gap = HARD_SPACE if symbol.isalpha() and len(symbol) > 1 else manner.gap
    return f"{sign}{symbol}{gap}{number}"


def _number(minor: int, digits: int, manner: Manner) -> str:
    whole, rest = divmod(minor, 10**digits)
    grouped = f"{whole:,}".replace(",", manner.thousands)
    return f"{grouped}{manner.point}{rest:0{digits}}" if digits else grouped


def _symbol(currency: str, region: str) -> str:
    home, symbol = _AT_HOME.get(region, ("", ""))
    return symbol if home == currency else _SYMBOLS.get(currency, currency)


def _split(locale: str | None) -> tuple[str, str]:
    parts = (locale or "en").replace("_", "-").split("-")
    region = next((part.upper() for part in parts[1:] if len(part) == 2), "")
    return parts[0].lower(), region
