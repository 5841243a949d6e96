"""Pages that show the outbox, live from the service or as files that are readable after everything has stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from render_service.outbox import SeenMail, numbers, read_mail

INDEX = "index.html"
SHOWN_LIVE = 500
OPENING = 400  # characters of the text that a list has use for

_pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "web_pages"),
    autoescape=lambda name: name is not None and name.endswith(".html.j2"),
    undefined=StrictUndefined,
    trim_blocks=True,
)


def page(name: str, **values: Any) -> str:
    """A page of `web_pages` with these values."""
    return _pages.get_template(name).render(values)


def index_page(mails: Iterable[SeenMail], link: Callable[[int], str], live: bool) -> str:
    """The list, newest first; a live one looks again by itself."""
    newest = sorted(mails, key=lambda mail: mail.number, reverse=True)
    return page("index.html.j2", mails=newest, link=link, live=live)


def mail_page(mail: SeenMail, index: str) -> str:
    """One mail with its headers, the page and the text; the page runs no scripts."""
    return page("mail.html.j2", mail=mail, index=index)


class Shelf:
    """Mails of a folder. The list remembers only what it shows; a whole mail is read anew from its file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listed: dict[int, SeenMail] = {}

    def listed(self) -> list[SeenMail]:
        """Every mail in the order of arrival, without its page."""
        for number in numbers(self._folder):
            if number not in self._listed and (mail := self.one(number)):
                self._listed[number] = replace(mail, html="", text=mail.text[:OPENING])
        return list(self._listed.values())

    def one(self, number: int) -> SeenMail | None:
        return read_mail(self._folder, number)


class StaticOutbox:
    """Keeps a folder of pages in step with a folder of mails."""

    def __init__(self, shelf: Shelf, pages: Path) -> None:
        self._shelf = shelf
        self._pages = pages
        self._written = -1

    def refresh(self) -> int:
        """Write the pages of mails that came since the last time; how many mails there are now."""
        mails = self._shelf.listed()
        if len(mails) == self._written:
            return len(mails)
        self._pages.mkdir(parents=True, exist_ok=True)
        for listed in mails[max(self._written, 0) :]:
            if mail := self._shelf.one(listed.number):
                _write(self._pages / _file(mail.number), mail_page(mail, INDEX))
        _write(self._pages / INDEX, index_page(mails, _file, live=False))
        self._written = len(mails)
        return len(mails)


def _file(number: int) -> str:
    return f"mail-{number:06}.html"


def _write(path: Path, page: str) -> None:
    """A reader sees the old page or the new one."""
    part = path.with_suffix(".part")
    part.write_text(page, "utf-8")
    part.replace(path)
