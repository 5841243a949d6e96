"""The running service: mails in the main thread, pages beside it, and a new start when Kafka comes back."""

from __future__ import annotations

import logging
import secrets
import signal
import socket
import threading
import time
from functools import partial

import redis
import uvicorn
from kafka.errors import KafkaError

from connectors.catalog_reader import CatalogReader
from connectors.patience import Patience
from connectors.profile_reader import ProfileReader
from render_service.desk import Desk, Workshop
from render_service.gallery import Shelf, StaticOutbox
from render_service.journal import Journal, ShutOutError
from render_service.ledger import Ledger
from render_service.metrics import Metrics
from render_service.optout import OptOuts
from render_service.pictures import Pictures
from render_service.post import MailServer
from render_service.sends import Send
from render_service.service import Service
from render_service.settings import RenderSettings
from render_service.templates import Templates
from render_service.unsubscribe import UnsubscribeLinks
from render_service.unsubscribe_page import UnsubscribePage
from render_service.versions import Versions, published
from render_service.web import pages
from udfs.campaigns import Campaign
from udfs.time import Millis

AGAIN_AFTER_S = 2.0
REFRESH_S = 1.0

log = logging.getLogger(__name__)


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
        self._unwritten: list[Send] = []
        self._links = self._make_links()
        self._optouts = OptOuts(settings.kafka, settings.namespace, self._now)

    def live(self) -> int:
        """Serve until SIGTERM or Ctrl-C. Exit codes: 1 another service took this one's place, 2 the port is taken."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        listen = self._settings.listen
        try:
            line = socket.create_server((listen.host, listen.port))
        except OSError as error:
            log.error(
                "TIDEMARK_RENDER is %s:%d, where nothing can listen: %s", listen.host, listen.port, error.strerror
            )
            return 2
        web = self._start_web(line)
        keeper = threading.Thread(target=self._keep_pages, daemon=True)
        keeper.start()
        code = self._work()
        self._stop.set()
        web.should_exit = True
        keeper.join(5)
        self._optouts.close()
        return code

    def _work(self) -> int:
        while not self._stop.is_set():
            try:
                self._serve()
            except ShutOutError:
                log.error("shut_out; another render service works on these topics, this one ends")
                return 1
            except redis.RedisError:
                if not self._stop.is_set():
                    raise
            except (KafkaError, KeyError) as error:
                self._wrong = f"kafka: {type(error).__name__}"
                log.warning("kafka_away error=%r; what was not committed is done again", str(error))
                self._stop.wait(AGAIN_AFTER_S)
        return 0

    def _serve(self) -> None:
        settings = self._settings
        journal = Journal(settings.kafka, settings.namespace, settings.heartbeats_ahead)
        profiles = ProfileReader(settings.redis, settings.namespace)
        ledger = Ledger(Versions(self._campaigns, partial(published, settings.kafka, settings.namespace)))
        workshop = Workshop(settings.shop, Templates(), self._pictures, self._links)
        patience = Patience(sleep=self._pause, give_up=self._stop.is_set)
        catalog = CatalogReader(settings.kafka, settings.namespace)
        desk = Desk(workshop, profiles, ledger, self._metrics, patience, self._optouts.left, catalog.sold_out)
        service = Service(
            journal, desk, MailServer(settings.smtp), ledger, self._metrics, self._stop.is_set, self._unwritten
        )
        log.info("serving kafka=%s redis=%s smtp=%s", settings.kafka, settings.redis, settings.smtp)
        try:
            self._wrong = None
            service.run()
        finally:
            journal.close()
            profiles.close()
            catalog.close()

    def _pause(self, seconds: float) -> None:
        self._stop.wait(seconds)

    def _now(self) -> Millis:
        """The shop's time, which in a replay is not the wall clock's."""
        reader = ProfileReader(self._settings.redis, self._settings.namespace)
        try:
            tide = reader.tide()
        except redis.RedisError:
            tide = None
        finally:
            reader.close()
        return int(time.time() * 1000) if tide is None else tide

    def _make_links(self) -> UnsubscribeLinks:
        key = self._settings.unsubscribe_key
        if key is None:
            log.warning("no TIDEMARK_UNSUBSCRIBE_KEY; links are signed with a key that ends with this process")
        return UnsubscribeLinks(key or secrets.token_bytes(32), self._settings.public_url)

    def _start_web(self, line: socket.socket) -> uvicorn.Server:
        unsubscribe = UnsubscribePage(self._links, self._optouts)
        app = pages(self._shelf, self._pictures, self._metrics, unsubscribe.show, lambda: self._wrong)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        threading.Thread(target=server.run, args=([line],), daemon=True).start()
        return server

    def _keep_pages(self) -> None:
        kept = self._settings.outbox_pages
        if self._shelf is None or kept is None:
            return
        static = StaticOutbox(self._shelf, kept)
        stopped = False
        while not stopped:
            stopped = self._stop.wait(REFRESH_S)
            try:
                static.refresh()
            except OSError as error:  # a full disk costs these pages, not the mails
                log.warning("outbox_pages_not_written folder=%s error=%s", kept, error.strerror)
