"""Hands mails to a mail server, and knows of each whether it was taken, refused, or may be tried again."""

from __future__ import annotations

import smtplib
from enum import Enum
from typing import NamedTuple

from render_service.mail import Mail
from render_service.settings import Address

TIMEOUT_S = 10.0


class Verdict(Enum):
    """What the server made of a mail."""

    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"  # certainly not taken
    IN_DOUBT = "in doubt"  # the line broke after the whole mail was said


class Answer(NamedTuple):
    """A verdict and what the server said, without the address."""

    verdict: Verdict
    said: str = ""


class MailServer:
    """One connection, kept between mails. Its answers are values; only mistakes of ours are raised."""

    def __init__(self, server: Address) -> None:
        self._server = server
        self._line: smtplib.SMTP | None = None

    def reach(self) -> Answer:
        """Whether the server can be talked to now; TAKEN or LATER."""
        try:
            if self._line is None or self._line.noop()[0] != 250:
                self.hang_up()
                self._line = smtplib.SMTP(self._server.host, self._server.port, timeout=TIMEOUT_S)
                self._line.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            self.hang_up()
            return Answer(Verdict.LATER, f"{type(error).__name__}: {error}"[:200])
        return Answer(Verdict.TAKEN)

    def deliver(self, mail: Mail) -> Answer:
        """Say one mail. Whatever breaks before the server was given all of it leaves it certainly not taken."""
        if (reached := self.reach()).verdict is not Verdict.TAKEN or self._line is None:
            return reached
        try:
            for code, said in (self._line.mail(mail.sender), self._line.rcpt(mail.to)):
                if code >= 400:
                    self._line.rset()
                    return _refusal(code, said, mail)
        except (OSError, smtplib.SMTPException) as error:
            self.hang_up()
            return Answer(Verdict.LATER, type(error).__name__)
        return self._say(self._line, mail)

    def hang_up(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None

    def _say(self, line: smtplib.SMTP, mail: Mail) -> Answer:
        try:
            code, said = line.data(mail.content)
        except smtplib.SMTPDataError as error:
            return _refusal(error.smtp_code, error.smtp_error, mail)
        except (OSError, smtplib.SMTPException) as error:
            self.hang_up()
            return Answer(Verdict.IN_DOUBT, type(error).__name__)
        return Answer(Verdict.TAKEN) if code < 400 else _refusal(code, said, mail)


def _refusal(code: int, said: bytes | str, mail: Mail) -> Answer:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    text = " ".join(text.replace(mail.to, "<the address>").split())[:160]
    return Answer(Verdict.REFUSED if code >= 500 else Verdict.LATER, f"{code} {text}")
