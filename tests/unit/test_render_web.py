"""What a browser, Prometheus and a mail server get to see, over real sockets."""

from __future__ import annotations

import logging
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from aiosmtpd.controller import Controller
from kafka.errors import KafkaTimeoutError

from render_service.gallery import Shelf, StaticOutbox
from render_service.mail import Mail
from render_service.metrics import Metrics
from render_service.optout import OptOuts, event
from render_service.pictures import Pictures
from render_service.post import MailServer, Verdict
from render_service.settings import Address, SettingError, from_environment
from render_service.unsubscribe import UnsubscribeLinks, Unsubscriber
from render_service.unsubscribe_page import UnsubscribePage
from render_service.web import pages
from tests.unit.mail_makers import item, mail, pictures, trigger
from tests.unit.valkey import free_port


class RememberedOptOuts(OptOuts):
    """Writes no event; fails if told to."""

    def __init__(self) -> None:
        super().__init__("", "", lambda: 0)
        self.taken: list[Unsubscriber] = []
        self.fails = False

    def take(self, who: Unsubscriber) -> None:
        if self.fails:
            raise KafkaTimeoutError("away")
        self.taken.append(who)


class Site:
    """A running service's pages."""

    def __init__(self, folder: Path) -> None:
        self.outbox = folder / "outbox"
        self.outbox.mkdir()
        self.metrics = Metrics()
        self.wrong: str | None = None
        self.optouts = RememberedOptOuts()
        self.url = f"http://127.0.0.1:{free_port()}"
        self.links = UnsubscribeLinks(b"key", self.url)
        unsubscribe = UnsubscribePage(self.links, self.optouts)
        own = pictures(folder)
        app = pages(Shelf(self.outbox), own, self.metrics, unsubscribe.show, lambda: self.wrong)
        self.own: Pictures = own
        self.server = uvicorn.Server(uvicorn.Config(app, port=int(self.url.rpartition(":")[2]), log_level="error"))

    def get(self, path: str, post: bool = False) -> tuple[int, str]:
        url = path if path.startswith("http") else self.url + path
        try:
            with urllib.request.urlopen(url, data=b"List-Unsubscribe=One-Click" if post else None, timeout=5) as page:
                return page.status, page.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    thread = threading.Thread(target=site.server.run)
    thread.start()
    while not site.server.started:
        time.sleep(0.01)
    yield site
    site.server.should_exit = True
    thread.join()


def caught(outbox: Path, number: int, name: str = "Night Ferry") -> None:
    outbox.mkdir(exist_ok=True)
    (outbox / f"{number:06}.eml").write_bytes(mail(outbox.parent, trigger(item(name=name))).content)


def test_the_outbox_lists_mails_newest_first(site: Site) -> None:
    """As a person sees them: subject, recipient, first words."""
    assert "No mail yet" in site.get("/outbox")[1]
    caught(site.outbox, 1, "First")
    caught(site.outbox, 2, "Second <b>")
    status, page = site.get("/outbox")
    assert status == 200
    assert page.index("We kept Second &lt;b&gt; for you") < page.index("We kept First for you")
    assert "Ada &lt;ada@example.org&gt;" in page


def test_a_mail_is_shown_with_its_pictures_and_without_scripts(site: Site) -> None:
    """The page of a mail runs in a frame that may do nothing."""
    caught(site.outbox, 1)
    _, page = site.get("/outbox/1")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
    assert "allow-scripts" not in page
    assert "data:image/png;base64," in page
    assert "cid:" not in page
    assert site.get("/outbox/2")[0] == 404


def test_pictures_are_served_by_their_plain_names_only(site: Site) -> None:
    """Nothing outside the folder can be asked for."""
    assert site.get("/pictures/lt-03.png")[0] == 200
    for name in ("lt-99.png", "..%2foutbox%2f000001.eml", "outbox", ".png"):
        assert site.get(f"/pictures/{name}")[0] == 404


def test_health_says_what_is_wrong(site: Site) -> None:
    """A service that waits for Kafka is not healthy."""
    assert site.get("/healthz") == (200, '{"ok":true,"wrong":null}')
    site.wrong = "kafka: NoBrokersAvailable"
    assert site.get("/healthz")[0] == 503


def test_metrics_are_prometheus_text(site: Site) -> None:
    """Outcomes are told apart by reason."""
    site.metrics.mails.labels("not_sent", "converted").inc()
    assert 'tidemark_mails_total{outcome="not_sent",reason="converted"} 1.0' in site.get("/metrics")[1]


def test_looking_at_an_unsubscribe_link_changes_nothing(site: Site) -> None:
    """Scanners open every link; one click of a mail program is a POST."""
    link = site.links.link(Unsubscriber("u_0412", "t1"))
    assert site.get(link)[0] == 200
    assert site.optouts.taken == []
    assert "Done" in site.get(link, post=True)[1]
    assert site.optouts.taken == [Unsubscriber("u_0412", "t1")]
    assert site.get(link + "x", post=True)[0] == 400
    assert site.get("/unsubscribe", post=True)[0] == 400


def test_an_optout_that_could_not_be_written_down_is_not_promised(site: Site) -> None:
    """The person is asked to try again."""
    site.optouts.fails = True
    logging.getLogger("render_service.unsubscribe_page").setLevel(logging.CRITICAL)
    status, page = site.get(site.links.link(Unsubscriber("u_0412", "t1")), post=True)
    assert status == 503
    assert "try again" in page


def test_the_second_click_is_the_same_event() -> None:
    """The jobs drop it by its message id."""
    who = Unsubscriber("u_0412", "t1")
    assert event(who, 5)["message_id"] == event(who, 9)["message_id"]


def test_the_outbox_stays_readable_as_files(tmp_path: Path) -> None:
    """Pages and pictures are in the files; mails that come later are added."""
    outbox, kept = tmp_path / "outbox", tmp_path / "kept"
    caught(outbox, 1, "First")
    static = StaticOutbox(Shelf(outbox), kept)
    assert static.refresh() == 1
    caught(outbox, 2, "Second")
    assert static.refresh() == 2
    index = (kept / "index.html").read_text()
    assert 'href="mail-000002.html"' in index
    assert "http-equiv" not in index
    assert "data:image/png;base64," in (kept / "mail-000002.html").read_text()


class Picky:
    """A mail server that says of each address what its name asks for."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # type: ignore[no-untyped-def] # noqa: N802
        if address.startswith("refused"):
            return f"550 <{address}> does not live here"
        if address.startswith("busy"):
            return "450 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # type: ignore[no-untyped-def] # noqa: N802
        if envelope.rcpt_tos[0].startswith("spam"):
            return "554 no"
        self.taken.append(envelope.content)
        return "250 OK"


def test_the_mail_servers_words_become_verdicts(tmp_path: Path) -> None:
    """Refused for ever, refused for now, taken; and no address in what is kept of it."""
    picky = Picky()
    controller = Controller(picky, hostname="127.0.0.1", port=free_port())
    controller.start()
    server = MailServer(Address("127.0.0.1", controller.port))
    content = mail(tmp_path, trigger()).content

    def deliver(to: str) -> Verdict:
        answer = server.deliver(Mail("<1@x>", "shop@example.org", to, content))
        assert to not in answer.said
        return answer.verdict

    try:
        assert deliver("refused@example.org") is Verdict.REFUSED
        assert deliver("busy@example.org") is Verdict.LATER
        assert deliver("spam@example.org") is Verdict.REFUSED
        assert deliver("ada@example.org") is Verdict.TAKEN
    finally:
        server.hang_up()
        controller.stop()
    assert picky.taken == [content]
    assert server.reach().verdict is Verdict.LATER


def test_a_setting_that_is_no_address_is_named() -> None:
    """With an example of what would do."""
    with pytest.raises(SettingError, match="TIDEMARK_SMTP must be host:port"):
        from_environment({"TIDEMARK_SMTP": "localhost"})
