"""Starts the render service: `python -m render_service`, or `... outbox MAILS PAGES` to write caught mails as pages."""

from __future__ import annotations

import logging
import os
import secrets
import signal
import sys
import threading
from pathlib import Path

import uvicorn
from kafka.errors import KafkaError, ProducerFencedError

from connectors.config_files import read_config
from connectors.patience import Patience
from connectors.profile_reader import ProfileReader
from render_service.desk import Desk, Workshop
from render_service.gallery import Shelf, StaticOutbox
from render_service.journal import Journal
from render_service.ledger import Ledger
from render_service.metrics import Metrics
from render_service.pictures import Pictures
from render_service.post import MailServer
from render_service.service import Service
from render_service.settings import RenderSettings, SettingError, from_environment
from render_service.templates import Templates
from render_service.unsubscribe import UnsubscribeLinks
from render_service.web import pages
from udfs.campaigns import Campaign, parse_campaigns
from udfs.config_error import ConfigError

AGAIN_AFTER_S = 2.0
REFRESH_S = 1.0

log = logging.getLogger("render_service")


def main(arguments: list[str]) -> int:
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.WARNING)
    if arguments[:1] == ["outbox"] and len(arguments) == 3:
        StaticOutbox(Shelf(Path(arguments[1])), Path(arguments[2])).refresh()
        return 0
    if arguments:
        print("usage: python -m render_service [outbox MAILS_FOLDER PAGES_FOLDER]", file=sys.stderr)
        return 2
    try:
        settings = from_environment(os.environ)
        campaigns = parse_campaigns(read_config(settings.campaigns)).campaigns
    except (SettingError, ConfigError, FileNotFoundError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return House(settings, dict(campaigns)).live()


class House:
    """The threads of the service: mails in the main one, pages beside it."""

    def __init__(self, settings: RenderSettings, campaigns: dict[str, Campaign]) -> None:
        self._settings = settings
        self._campaigns = campaigns
        self._stop = threading.Event()
        self._wrong: str | None = "starting"
        self._metrics = Metrics()
        self._shelf = Shelf(settings.outbox) if settings.outbox else None
        self._pictures = Pictures(settings.pictures, settings.shop.pictures_url)

    def live(self) -> int:
        """Serve until SIGTERM or Ctrl-C; exit code 1 if another service took this one's place."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        web = self._start_web()
        keeper = threading.Thread(target=self._keep_pages, daemon=True)
        keeper.start()
        code = self._work()
        self._stop.set()
        web.should_exit = True
        keeper.join(5)
        return code

    def _work(self) -> int:
        while not self._stop.is_set():
            try:
                self._serve()
            except ProducerFencedError:
                log.error("fenced; another render service works on these topics, this one ends")
                return 1
            except (KafkaError, KeyError) as error:
                self._wrong = f"kafka: {type(error).__name__}"
                log.warning("kafka_away error=%r; what was not committed is done again", str(error))
                self._stop.wait(AGAIN_AFTER_S)
        return 0

    def _serve(self) -> None:
        settings = self._settings
        journal = Journal(settings.kafka, settings.namespace)
        profiles = ProfileReader(settings.redis, settings.namespace)
        ledger = Ledger(self._campaigns)
        workshop = Workshop(settings.shop, Templates(), self._pictures, self._links())
        patience = Patience(sleep=self._pause, give_up=self._stop.is_set)
        desk = Desk(workshop, profiles, ledger, self._metrics, patience)
        service = Service(journal, desk, MailServer(settings.smtp), ledger, self._metrics, self._stop.is_set)
        log.info("serving kafka=%s redis=%s smtp=%s", settings.kafka, settings.redis, settings.smtp)
        try:
            self._wrong = None
            service.run()
        finally:
            journal.close()
            profiles.close()

    def _pause(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def _links(self) -> UnsubscribeLinks:
        key = self._settings.unsubscribe_key
        if key is None:
            log.warning("no TIDEMARK_UNSUBSCRIBE_KEY; links are signed with a key that ends with this process")
        return UnsubscribeLinks(key or secrets.token_bytes(32), self._settings.public_url)

    def _start_web(self) -> uvicorn.Server:
        app = pages(self._shelf, self._pictures, self._metrics, lambda: self._wrong)
        listen = self._settings.listen
        server = uvicorn.Server(uvicorn.Config(app, host=listen.host, port=listen.port, log_level="warning"))
        threading.Thread(target=server.run, daemon=True).start()
        return server

    def _keep_pages(self) -> None:
        kept = self._settings.outbox_pages
        if self._shelf is None or kept is None:
            return
        static = StaticOutbox(self._shelf, kept)
        while not self._stop.wait(REFRESH_S):
            static.refresh()
        static.refresh()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
