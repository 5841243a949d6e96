"""Reads caught mails back as a person would see them: who, what, when, and the page with its pictures in it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SeenMail:
    """A mail from a catcher's folder; `number` is the order of arrival, `decided` the shop's time of the decision."""

    number: int
    sender: str
    to: str
    subject: str
    decided: str
    campaign: str
    trigger_id: str
    text: str
    html: str

    @property
    def opening(self) -> str:
        """The first words, as a list of mails shows them."""
        return " ".join(self.text.split())[:140]


def numbers(folder: Path) -> list[int]:
    """The mails of a folder in the order of arrival."""
    return sorted(int(path.stem) for path in folder.glob("*.eml") if path.stem.isdigit())


def read_mail(folder: Path, number: int) -> SeenMail | None:
    """One mail, None if there is none of that number."""
    for name in (f"{number:06}.eml", f"{number}.eml"):
        if (folder / name).is_file():
            return parse_mail((folder / name).read_bytes(), number)
    return None


def parse_mail(content: bytes, number: int) -> SeenMail:
    """Take a mail apart; what is missing is an empty text."""
    message = BytesParser(policy=policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)
    return SeenMail(
        number=number,
        sender=str(message.get("From", "")),
        to=str(message.get("To", "")),
        subject=str(message.get("Subject", "")),
        decided=_time(str(message.get("X-Tidemark-At", ""))),
        campaign=str(message.get("X-Tidemark-Campaign", "")),
        trigger_id=str(message.get("X-Tidemark-Trigger", "")),
        text=_part(message, "plain"),
        html=_as_shown(message, _part(message, "html")),
    )


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if isinstance(part, EmailMessage) else ""


def _as_shown(message: EmailMessage, html: str) -> str:
    for part in message.walk():
        cid = str(part.get("Content-ID", "")).strip("<>")
        content = part.get_payload(decode=True)
        if cid and isinstance(content, bytes):
            html = html.replace(f"cid:{cid}", f"data:{part.get_content_type()};base64,{b64encode(content).decode()}")
    return html.replace("<head>", '<head><base target="_blank">', 1)  # a link opens beside the mail, not in its frame


def _time(at: str) -> str:
    try:
        return datetime.fromtimestamp(int(at) / 1000, UTC).strftime("%a %d %b %Y, %H:%M:%S")
    except (ValueError, OverflowError):
        return ""
