"""Unsubscribe links: they name a person and a mail, and only we can make them."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import NamedTuple

import msgspec

_MAC_BYTES = 18


class Unsubscriber(NamedTuple):
    """Who wants no more mail, and which mail they said it in."""

    user_id: str
    trigger_id: str


class UnsubscribeLinks:
    """Signs and reads links; `key` is the secret of this deployment."""

    def __init__(self, key: bytes, public_url: str) -> None:
        self._key = key
        self._public_url = public_url

    def link(self, who: Unsubscriber) -> str:
        said = msgspec.json.encode(tuple(who))
        return f"{self._public_url}/unsubscribe?t={_text(said)}.{_text(self._mac(said))}"

    def read(self, token: str) -> Unsubscriber | None:
        """Whom a link names, None if we did not make it."""
        said, _, mac = token.partition(".")
        try:
            told = _bytes(said)
            if not hmac.compare_digest(self._mac(told), _bytes(mac)):
                return None
            return Unsubscriber(*msgspec.json.decode(told, type=tuple[str, str]))
        except ValueError:
            return None

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._key, b"unsubscribe:" + said, sha256)[:_MAC_BYTES]


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
