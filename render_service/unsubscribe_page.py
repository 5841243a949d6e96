"""The page behind an unsubscribe link: looking asks, only sending the form (or a mail program's one click) acts."""

from __future__ import annotations

import logging

from kafka.errors import KafkaError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from render_service.gallery import page
from render_service.optout import OptOuts
from render_service.unsubscribe import UnsubscribeLinks

log = logging.getLogger(__name__)


class UnsubscribePage:
    """Scanners open every link of a mail, so a GET changes nothing (RFC 8058)."""

    def __init__(self, links: UnsubscribeLinks, optouts: OptOuts) -> None:
        self._links = links
        self._optouts = optouts

    def show(self, request: Request) -> Response:
        who = self._links.read(request.query_params.get("t", ""))
        if who is None:
            return _say(400, "This link does not work", "Please use the whole link from the mail, or just reply to it.")
        if request.method != "POST":
            return _say(200, "No more mails?", "One click, and we will not write again unless you ask.", ask=True)
        try:
            self._optouts.take(who)
        except KafkaError as error:
            log.error("optout_not_recorded trigger=%s error=%s", who.trigger_id, type(error).__name__)
            return _say(503, "Not yet", "We could not write this down. Please try again in a minute.", ask=True)
        return _say(200, "Done", "We will not write to you again. Thank you for having us.")


def _say(status: int, title: str, words: str, ask: bool = False) -> Response:
    return HTMLResponse(page("unsubscribe.html.j2", title=title, words=words, ask=ask), status)
