"""The two small servers of our own: what is mailed is kept, what is pushed is shown."""

from __future__ import annotations

import smtplib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack import ports, processes, services
from local_stack.metrics import FORGET_AFTER, Pushed

MAIL = b"From: shop@demo.example\r\nTo: ada@demo.example\r\nSubject: Hello\r\n\r\nStill thinking?\r\n"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A stack's folder; whatever a test leaves running in it is ended."""
    yield tmp_path
    processes.stop(tmp_path, None)


def test_each_mail_becomes_a_numbered_file_also_after_a_restart(home: Path) -> None:
    """The outbox of yesterday is not written over."""
    port = ports.choose({"smtp": 12_525})["smtp"]
    for _ in range(2):
        services.start_mail(home, port)
        with smtplib.SMTP(ports.HOST, port) as line:
            line.sendmail("shop@demo.example", ["ada@demo.example"], MAIL)
        processes.stop(home, ["mail"])
    mails = sorted((home / "outbox").glob("*.eml"))
    assert [mail.name for mail in mails] == ["000001.eml", "000002.eml"]
    assert mails[0].read_bytes() == MAIL


def test_a_recipient_can_be_refused(home: Path) -> None:
    """What the render service does then must be seen somewhere."""
    port = ports.choose({"smtp": 12_525})["smtp"]
    services.start_mail(home, port)
    with smtplib.SMTP(ports.HOST, port) as line, pytest.raises(smtplib.SMTPRecipientsRefused):
        line.sendmail("shop@demo.example", ["nobody@refused.example"], MAIL)
    assert list((home / "outbox").glob("*.eml")) == []


def test_pushed_metrics_are_shown_until_they_are_withdrawn(home: Path) -> None:
    """As Flink's reporter pushes: PUT while it lives, DELETE when it ends."""
    port = ports.choose({"metrics": 19_250})["metrics"]
    page = f"http://{ports.HOST}:{port}/metrics"
    services.start_metrics(home, port, page)
    for method, expected in (("PUT", b"events_total 7\n"), ("DELETE", b"")):
        push = urllib.request.Request(f"{page}/job/flink1", data=b"events_total 7\n", method=method)
        with urllib.request.urlopen(push) as answer:
            assert answer.status == 202
        with urllib.request.urlopen(page) as shown:
            assert shown.read() == expected


def test_whoever_stops_pushing_is_forgotten() -> None:
    """A killed TaskManager must not look alive."""
    pushed = Pushed()
    pushed.put("/metrics/job/a", b"a 1\n", now=0.0)
    pushed.put("/metrics/job/b", b"b 1\n", now=FORGET_AFTER)
    assert pushed.text(now=FORGET_AFTER) == b"b 1\n"
