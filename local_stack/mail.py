"""Catch every mail instead of sending it: one .eml file each, numbered in the order of arrival, under <home>/outbox."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from local_stack.ports import HOST

REFUSED = "@refused.example"  # recipients that a real server would not take, for tests and for `try`


class Catcher:
    """Keep what arrives; a name is given to a file only once the whole mail is in it."""

    def __init__(self, outbox: Path) -> None:
        self.outbox = outbox
        outbox.mkdir(parents=True, exist_ok=True)
        self.count = max((int(mail.stem) for mail in outbox.glob("*.eml")), default=0)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.endswith(REFUSED):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.count += 1
        mail = self.outbox / f"{self.count:06}.eml"
        content = envelope.content or b""
        part = mail.with_suffix(".part")
        part.write_bytes(content if isinstance(content, bytes) else content.encode())
        part.replace(mail)
        return "250 kept"


def main(port: int, outbox: Path) -> None:
    server = Controller(Catcher(outbox), hostname=HOST, port=port)
    server.start()
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
