"""The bytes of a mail: what a reader's program sees is exactly what was meant, whatever a product is called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime
from hashlib import blake2b

from render_service.contents import Contents
from render_service.recipient import Recipient
from render_service.settings import Shop
from render_service.templates import Rendered
from udfs.outputs import Trigger

_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")
_WEB = re.compile(r"https?://[!-;=?-~]{1,900}")
_LONGEST_SUBJECT = 160


class UnsafeMailError(ValueError):
    """A mail whose bytes say something else than was meant; the message holds no personal data."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is ready to be handed over."""

    message_id: str
    sender: str
    to: str
    content: bytes


def message_id(trigger_id: str, sender: str) -> str:
    """The same for the same trigger for ever, so that every mail server on the way may recognise it."""
    return f"<{_plain(trigger_id)}@{sender.rpartition('@')[2]}>"


def compose(trigger: Trigger, to: Recipient, shop: Shop, texts: Rendered, shown: Contents, sent_at: datetime) -> Mail:
    """Put a mail together and read it back; raises UnsafeMailError if it reads differently."""
    address = to.address or ""
    headers = {
        "From": str(Address(safe_header(shop.name), addr_spec=shop.sender)),
        "To": str(Address(safe_header(to.first_name or ""), addr_spec=address)),
        "Subject": safe_header(texts.subject)[:_LONGEST_SUBJECT],
        "Date": format_datetime(sent_at),
        "Message-ID": message_id(trigger.trigger_id, shop.sender),
        "Auto-Submitted": "auto-generated",
        "X-Tidemark-Trigger": _plain(trigger.trigger_id),
        "X-Tidemark-Campaign": f"{_plain(trigger.campaign)}/{trigger.step}",
        "X-Tidemark-At": str(trigger.at),
    }
    message = _with_body(texts, shown, _plain(trigger.trigger_id))
    for name, value in headers.items():
        message[name] = value
    kept_whole = _unsubscribe_headers(str(shown.values["unsubscribe_url"]))
    content = kept_whole + message.as_bytes(policy=policy.SMTP)
    _read_back(content, {"List-Unsubscribe", "List-Unsubscribe-Post", *message.keys()}, address)
    return Mail(headers["Message-ID"], shop.sender, address, content)


def safe_header(text: str) -> str:
    """One line of text that no decoder reads more into.

    Python's email package decodes `=?utf-8?q?...?=` inside a value that we set, and writes the line break it may hide
    as a header of its own (CVE-2024-6923).
    """
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    while "=?" in plain or "?=" in plain:
        plain = plain.replace("=?", "= ").replace("?=", " =")
    return plain


def _with_body(texts: Rendered, shown: Contents, seed: str) -> EmailMessage:
    message = EmailMessage(policy.SMTP)
    message.set_content(texts.text, cte="quoted-printable")
    message.add_alternative(texts.html, subtype="html", cte="quoted-printable")
    for picture in shown.pictures:
        page = message.get_payload(1)
        assert isinstance(page, EmailMessage)
        page.add_related(
            picture.png, "image", "png", cid=f"<{picture.cid}>", filename=picture.name, disposition="inline"
        )
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"=-{seed}-{number}")
    return message


def _unsubscribe_headers(url: str) -> bytes:
    """Written by hand: a policy that folds lines encodes a long address, and one click no longer works."""
    if not _WEB.fullmatch(url):
        raise UnsafeMailError("the unsubscribe address is not an address")
    return f"List-Unsubscribe: <{url}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode("ascii")


def _read_back(content: bytes, meant: set[str], to: str) -> None:
    read = BytesParser(policy=policy.default).parsebytes(content, headersonly=True)
    if sorted(read.keys()) != sorted(meant):
        raise UnsafeMailError("the headers read back are not the headers written")
    if [address.addr_spec for address in read["To"].addresses] != [to] or read.defects:
        raise UnsafeMailError("the recipient read back is not the recipient")


def _plain(text: str) -> str:
    return text if _PLAIN_ID.fullmatch(text) else blake2b(text.encode(), digest_size=16).hexdigest()
