"""Turns a template's name and what it may show into a subject, a text and an HTML page, or says what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import css_inline
from jinja2 import FileSystemLoader, StrictUndefined, Template, TemplateError, TemplateNotFound
from jinja2.exceptions import SecurityError
from jinja2.runtime import Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = Path(__file__).parent / "templates"
LONGEST_MAIL = 100_000  # characters; Gmail cuts a mail at 102 KB
_FILTERS = ("capitalize", "e", "escape", "first", "join", "last", "length", "lower", "round", "title", "trim", "upper")


class MailTemplateError(ValueError):
    """A template that cannot be rendered for these values; the message names the template and holds no values."""


class Rendered(NamedTuple):
    """A mail's three texts."""

    subject: str
    text: str
    html: str


class Sandbox(ImmutableSandboxedEnvironment):
    """No globals, few filters, and no operator that makes a gigabyte out of a line."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, folder: Path) -> None:
        super().__init__(
            loader=FileSystemLoader(folder),
            autoescape=lambda name: name is not None and name.endswith(".html.j2"),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=False,
        )
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in _FILTERS}

    def is_safe_callable(self, obj: Any) -> bool:
        """Only what templates define: a method such as ljust makes a gigabyte as well."""
        return isinstance(obj, Macro)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError(f"{operator} is not for templates")


class Templates:
    """The templates of a folder: `<name>.subject.j2`, `<name>.txt.j2` and `<name>.html.j2`."""

    def __init__(self, folder: Path = HERE) -> None:
        self._folder = folder
        self._sandbox = Sandbox(folder)
        # Both defaults would let a template read files of this machine or fetch addresses.
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True, keep_at_rules=True)

    def names(self) -> list[str]:
        return sorted(path.name.removesuffix(".subject.j2") for path in self._folder.glob("*.subject.j2"))

    def render(self, name: str, values: Mapping[str, Any]) -> Rendered:
        """All three texts of a mail; raises MailTemplateError."""
        if name not in self.names():
            raise MailTemplateError(f"there is no template {name[:60]!r}")
        try:
            subject = " ".join(self._get(f"{name}.subject.j2").render(values).split())
            text = self._get(f"{name}.txt.j2").render(values)
            html = self._get(f"{name}.html.j2").render({**values, "subject": subject})
        except (TemplateError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
            raise MailTemplateError(f"{name}: {_what(error)}") from error
        if max(len(text), len(html)) > LONGEST_MAIL:
            raise MailTemplateError(f"{name}: the mail is longer than {LONGEST_MAIL} characters")
        return Rendered(subject, text.strip() + "\n", self._inliner.inline(html))

    def _get(self, name: str) -> Template:
        return self._sandbox.get_template(name)


def _what(error: Exception) -> str:
    """Jinja's own errors speak of names; what Python says may quote the person's data."""
    if isinstance(error, TemplateNotFound):
        return f"there is no file {error.name}"
    return f"{type(error).__name__}: {error}"[:200] if isinstance(error, TemplateError) else type(error).__name__
