"""The people of the demo: seeded, in five time zones, 85 in a hundred with consent."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from zoneinfo import ZoneInfo

HOW_MANY = 1_200
WITH_CONSENT = 0.85
NEVER_ASKED = 0.02  # of the others: no consent trait at all

_PLACES = (  # zone, country, locale, how many of a hundred
    ("Europe/Berlin", "DE", "de-DE", 40),
    ("America/New_York", "US", "en-US", 25),
    ("Asia/Tokyo", "JP", "ja-JP", 15),
    ("America/Sao_Paulo", "BR", "pt-BR", 12),
    ("Australia/Sydney", "AU", "en-AU", 8),
)
_FIRST = (
    "Ada Alma Amara Anton Aoi Arthur Beatriz Bela Bruno Caio Carla Clara Daichi Davi Edda Elif Emil Emma Esra Felix "
    "Finn Flora Frida Gael Grete Hana Hanno Haruki Helena Ida Ines Iris Jakob Jana Jonas Juna Kaito Karim Kira Lara "
    "Leo Lina Livia Luan Luca Maja Malik Marta Mateo Mila Mira Nora Noah Odile Olga Oskar Pia Quinn Ravi Rosa Ruben "
    "Sakura Selma Sofia Theo Tilda Tom Uma Vera Viktor Willa Yara Yuki Zoe"
).split()
_LAST = (
    "Abel Almeida Baker Barros Berg Brandt Carvalho Cole Dias Ebert Endo Falk Ferreira Frost Fuchs Gray Haas Hart "
    "Hayashi Holt Ito Jansen Kato Keller Kimura Klein Lang Lima Lund Marsh Mori Moura Neal Nishi Novak Ono Otto Park "
    "Perry Pires Quint Reed Rocha Roth Sato Silva Stone Tanaka Torres Ueda Vale Voss Wada Wells Winter Yates Zander"
).split()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who shops; `consent` None means that nobody ever asked."""

    id: str
    first_name: str
    last_name: str
    email: str
    timezone: str
    country: str
    locale: str
    device: str
    consent: bool | None
    tier: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def traits(self) -> dict[str, object]:
        """What an identify call tells of them."""
        consent = {} if self.consent is None else {"consent": {"marketing": self.consent}}
        return {
            "email": self.email,
            "first_name": self.first_name,
            "last_name": self.last_name,
            "loyalty_tier": self.tier,
            "timezone": self.timezone,
            "country": self.country,
            "locale": self.locale,
            **consent,
        }

    def context(self) -> dict[str, object]:
        """What their device says of itself."""
        place = {"location": {"country": self.country}, "timezone": self.timezone, "locale": self.locale}
        return {"device": {"type": self.device}, **place}


def user_id(number: int) -> str:
    return f"u_{number:04}"


def people(seed: int, willing: frozenset[int] = frozenset()) -> tuple[Person, ...]:
    """Everybody, in the order of their ids; those whose numbers are `willing` have consented."""
    dice = Random(f"people {seed}")
    zones = [place for place in _PLACES for _ in range(HOW_MANY * place[3] // 100)]
    dice.shuffle(zones)
    refusing = [number for number in range(1, HOW_MANY + 1) if number not in willing]
    refused = dice.sample(refusing, HOW_MANY - round(HOW_MANY * WITH_CONSENT))
    answers: dict[int, bool | None] = dict.fromkeys(refused, False)
    answers.update(dict.fromkeys(refused[: round(HOW_MANY * NEVER_ASKED)]))
    return tuple(
        _person(dice, number, zones[number - 1], answers.get(number, True)) for number in range(1, HOW_MANY + 1)
    )


def _person(dice: Random, number: int, place: tuple[str, str, str, int], consent: bool | None) -> Person:
    first, last = dice.choice(_FIRST), dice.choice(_LAST)
    return Person(
        id=user_id(number),
        first_name=first,
        last_name=last,
        email=f"{first}.{last}.{number}@example.com".lower(),
        timezone=place[0],
        country=place[1],
        locale=place[2],
        device=dice.choices(("ios", "android", "desktop", "tablet"), (32, 30, 30, 8))[0],
        consent=consent,
        tier=dice.choices(("none", "bronze", "silver", "gold"), (55, 25, 14, 6))[0],
    )
