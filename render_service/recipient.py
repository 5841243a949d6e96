"""The person a mail is for, read from the profile that the `profiles` job keeps in Redis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from udfs.time import Millis

# One mailbox, plain: no quotes, comments, lists or control characters, and a domain with a dot. RFC 5321 lengths.
_MAILBOX = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_LONGEST_ADDRESS = 254
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Recipient:
    """What a last look and a mail need of a person; times in ms, None what is not known."""

    user_id: str
    address: str | None = None
    first_name: str | None = None
    locale: str | None = None
    consents: bool = False
    suppressed: bool = False
    last_order: Millis | None = None


def recipient(user_id: str, fields: Mapping[str, str]) -> Recipient:
    """Read the fields of a profile (udfs/profile_view.py); an address that is not exactly one plain mailbox is none."""
    return Recipient(
        user_id=user_id,
        address=_address(fields.get("trait_email")),
        first_name=_name(fields.get("trait_first_name")),
        locale=fields.get("locale"),
        consents=fields.get("consent_marketing") == "true",
        suppressed=bool(fields.get("suppressed_at")),
        last_order=_millis(fields.get("last_completed_at")),
    )


def _address(said: str | None) -> str | None:
    said = (said or "").strip()
    return said if len(said) <= _LONGEST_ADDRESS and _MAILBOX.fullmatch(said) and ".." not in said else None


def _name(said: str | None) -> str | None:
    """A name that can be said in a mail: one line, not a paragraph and not an address."""
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in said or "").split())
    return plain if 0 < len(plain) <= _LONGEST_NAME and not re.search(r"[@<>/]|www\.", plain) else None


def _millis(said: str | None) -> Millis | None:
    try:
        return int(float(said)) if said else None
    except ValueError:
        return None
