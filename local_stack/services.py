"""The small servers in Python: mail catcher, metrics page, render service, archive, brakes."""

from __future__ import annotations

import secrets
import smtplib
import sys
import urllib.error
import urllib.request
from importlib.metadata import version
from pathlib import Path

from local_stack import processes
from local_stack.addresses import ROOT, Addresses
from local_stack.ports import HOST


def start_mail(home: Path, port: int) -> None:
    module = ["local_stack.mail", str(port), str(home / "outbox")]
    running = start_module(home, "mail", module, {}, version("aiosmtpd"))
    processes.wait_ready(running, lambda: mail_answers(port), 60)


def mail_answers(port: int) -> bool:
    try:
        with smtplib.SMTP(HOST, port, timeout=2) as line:
            return line.noop()[0] == 250
    except OSError:
        return False


def start_metrics(home: Path, port: int, page: str) -> None:
    running = start_module(home, "metrics", ["local_stack.metrics", str(port)], {}, project_version())
    processes.wait_ready(running, lambda: page_answers(page), 60)


def start_render(home: Path, addresses: Addresses) -> None:
    env = {**addresses.environment(), "TIDEMARK_UNSUBSCRIBE_KEY": unsubscribe_key(home)}
    running = start_module(home, "render", ["render_service"], env, project_version())
    processes.wait_ready(running, lambda: page_answers(f"{addresses.render}/healthz"), 120)


def start_archive(home: Path, addresses: Addresses) -> None:
    """It has no port to ask; what keeps it from working it says in its log, and `status` when it has ended."""
    env = {**addresses.environment(), "TIDEMARK_ARCHIVE": str(home / "archive")}
    start_module(home, "archive", ["cli", "archive"], env, project_version())


def start_brakes(home: Path, addresses: Addresses) -> None:
    """Nothing waits for it: what it says is heard when it says it."""
    env = {**addresses.environment(), "TIDEMARK_BRAKES": addresses.brakes.removeprefix("http://").partition("/")[0]}
    start_module(home, "brakes", ["cli", "brakes"], env, project_version())


def unsubscribe_key(home: Path) -> str:
    """Return the secret of this stack, so that links in its mails outlive the process that made them."""
    kept = home / "unsubscribe.key"
    if not kept.is_file():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_hex(32))
    return kept.read_text()


def start_module(home: Path, part: str, module: list[str], env: dict[str, str], version: str) -> processes.Running:
    return processes.start(home, part, [sys.executable, "-m", *module], {"PYTHONPATH": str(ROOT), **env}, version)


def page_answers(url: str) -> bool:
    """Whether a page is there at all; what it says is not asked."""
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def project_version() -> str:
    text = (ROOT / "pyproject.toml").read_text()
    return next(line.split('"')[1] for line in text.splitlines() if line.startswith("version"))
