"""The mails as they leave: golden texts, and bytes that say nothing but what was meant."""

from __future__ import annotations

import os
import re
from email import policy
from email.parser import BytesHeaderParser
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from render_service.contents import contents
from render_service.links import marked
from render_service.mail import UnsafeMailError, compose, message_id, safe_header
from render_service.outbox import parse_mail
from render_service.prices import format_price
from render_service.recipient import Recipient, recipient
from render_service.templates import HERE, LONGEST_MAIL, MailTemplateError, Templates
from tests.unit.mail_makers import ADA, SENT_AT, SHOP, UNSUBSCRIBE, item, mail, pictures, shown, texts, trigger
from udfs.outputs import Trigger

GOLDEN = Path(__file__).parent / "golden" / "mails"
THREE = (item(), item("lt-25", "Storm Lantern", 6400), item("lt-12", "Teapot", 990, quantity=2, variant="Sea blue"))
IN_TWO_CARTS = tuple(structs.replace(one, cart_id=cart) for one, cart in zip(THREE, ("c_7", "c_7", "c_9"), strict=True))
HEADERS = [
    "List-Unsubscribe", "List-Unsubscribe-Post", "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
    "X-Tidemark-Trigger", "X-Tidemark-Campaign", "X-Tidemark-At", "MIME-Version", "Content-Type",
]  # fmt: skip


def with_nothing(**more: Any) -> Trigger:
    """A mail that shows no products."""
    return structs.replace(trigger(cart_id=None, **more), items=(), value=0, currency=None)


CASES = {
    "cart_left-three": (trigger(*THREE), ADA),
    "cart_left-two": (trigger(*THREE[:2]), ADA),
    "cart_left-one-stranger": (trigger(item(image_url=None, url=None)), Recipient("u1", "a@example.org")),
    "cart_left-german": (trigger(*THREE), Recipient("u1", "a@example.org", "Jörg", "de-DE")),
    "cart_left-two-carts": (trigger(*IN_TWO_CARTS), ADA),
    "cart_left-many": (trigger(*(item(name=f"Thing {n}", price=100 * n) for n in range(1, 13))), ADA),
    "cart_reminder-three": (trigger(*THREE, template="cart_reminder", step=2), ADA),
    "cart_reminder-one": (trigger(template="cart_reminder", step=2), ADA),
    "cart_reminder-two-carts": (trigger(*IN_TWO_CARTS, template="cart_reminder", step=2), ADA),
    "browse_left-three": (trigger(*THREE, template="browse_left", cart_id=None), ADA),
    "win_back": (with_nothing(template="win_back"), ADA),
    "win_back_last": (with_nothing(template="win_back_last", step=2), ADA),
    "welcome": (with_nothing(template="welcome"), ADA),
    "welcome_more": (with_nothing(template="welcome_more", step=2), ADA),
    "newsletter": (with_nothing(template="newsletter", campaign="newsletter"), ADA),
    "order_followup-one": (trigger(template="order_followup", cart_id=None), ADA),
    "cart_reminder-no-picture": (trigger(item(image_url=None), template="cart_reminder", step=2), ADA),
}


@pytest.mark.parametrize("case", CASES)
def test_a_mail_reads_as_it_did(case: str, tmp_path: Path) -> None:
    """A change of words or looks is seen in review; REGENERATE=1 takes it over."""
    written = texts(tmp_path, *CASES[case])
    for kind, text in (("txt", f"Subject: {written.subject}\n\n{written.text}"), ("html", written.html)):
        golden = GOLDEN / f"{case}.{kind}"
        if os.environ.get("REGENERATE") == "1":
            GOLDEN.mkdir(parents=True, exist_ok=True)
            golden.write_text(text, "utf-8")
        assert text == golden.read_text("utf-8")


def test_every_template_has_a_golden_mail() -> None:
    """A template that nobody looks at is one that breaks."""
    assert {case.partition("-")[0] for case in CASES} == set(Templates().names())


@pytest.mark.parametrize("case", CASES)
def test_a_mail_comes_apart_as_it_was_put_together(case: str, tmp_path: Path) -> None:
    """Text, page, pictures and headers survive the way through bytes."""
    of, to = CASES[case]
    seen = parse_mail(mail(tmp_path, of, to).content, 1)
    written = texts(tmp_path, of, to)
    assert seen.text.replace("\r\n", "\n") == written.text
    assert seen.html.count("data:image/png;base64,") == written.html.count("cid:")
    assert (seen.subject, seen.trigger_id) == (written.subject, of.trigger_id)


def test_one_click_unsubscribe_is_intact_in_the_bytes(tmp_path: Path) -> None:
    """Python's SMTP policy would encode an address of more than 78 characters, and the button would be gone."""
    head = mail(tmp_path, trigger()).content.split(b"\r\n\r\n")[0]
    assert f"List-Unsubscribe: <{UNSUBSCRIBE}>".encode() in head.split(b"\r\n")
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in head.split(b"\r\n")


def test_the_same_trigger_has_the_same_message_id(tmp_path: Path) -> None:
    """A mail server that sees it twice can tell."""
    made = mail(tmp_path, trigger())
    assert made.message_id == "<7f00e1c2a5b94d0c8e1f6a2b3c4d5e6f@lowtide.example>"
    assert message_id("no id\r\n>", "a@b.example").count("\n") == 0
    assert mail(tmp_path, trigger()).content == made.content


INJECTIONS = [
    "=?utf-8?q?Hello=0ABcc:_evil=40example.com?=",
    "=?utf-8?q?a=0D=0A=0D=0A<script>?=",
    "=?=?utf-8?q??=utf-8?q?x=0ABcc:_e=40e.example?=",
    "plain\r\nBcc: evil@example.com",
    "line\u2028Bcc: evil@example.com",
    "nul\x00 and \x0b and \x85Bcc: evil@example.com",
    "=?utf-7?q?+AAo-Bcc:?=",
]


@pytest.mark.parametrize("name", INJECTIONS)
@pytest.mark.parametrize("template", ["cart_left", "cart_reminder"])
def test_no_name_becomes_a_header(name: str, template: str, tmp_path: Path) -> None:
    """A product's or a person's name comes from outside; the headers of a mail do not."""
    made = mail(
        tmp_path, trigger(item(name=name), template=template), Recipient("u", "a@example.org", name[:60], consents=True)
    )
    read = BytesHeaderParser(policy=policy.default).parsebytes(made.content)
    assert sorted(read.keys()) == sorted(HEADERS)
    assert [address.addr_spec for address in read["To"].addresses] == ["a@example.org"]


@given(st.text(max_size=200))
def test_a_safe_header_is_one_line_without_encoded_words(text: str) -> None:
    """Whatever comes in."""
    safe = safe_header(text)
    assert "=?" not in safe
    assert "?=" not in safe
    assert safe.isprintable()


def test_an_unsubscribe_address_that_is_none_makes_no_mail(tmp_path: Path) -> None:
    """It is written into the head as it is, so it must be an address and nothing else."""
    seen = shown(tmp_path, trigger())
    seen.values["unsubscribe_url"] = "https://x.example/\r\nBcc: evil@example.com"
    with pytest.raises(UnsafeMailError):
        compose(trigger(), ADA, SHOP, texts(tmp_path, trigger()), seen, SENT_AT)


HOSTILE = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "</style><b>", "&lt;"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_stay_words_in_the_page(name: str, tmp_path: Path) -> None:
    """Markup in a name is shown, not obeyed."""
    page = texts(tmp_path, trigger(item(name=name))).html
    reader = _read(page)
    assert name in "".join(reader.words)
    assert "script" not in reader.tags
    assert "onerror" not in reader.attributes


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x", "https:q", "a b"]
)
def test_only_addresses_of_the_web_become_links(url: str, tmp_path: Path) -> None:
    """Escaping does not make a script harmless in a link."""
    written = texts(tmp_path, trigger(item(url=url, image_url=url)))
    assert url not in written.html
    assert url not in written.text


def test_a_missing_variable_is_an_error_that_names_it(tmp_path: Path) -> None:
    """Better no mail than 'Hello ,'; the reason is for the shop's staff and holds no personal data."""
    values = shown(tmp_path, trigger()).values
    del values["first_name"]
    with pytest.raises(MailTemplateError, match=r"cart_left: .*first_name"):
        Templates().render("cart_left", values)


def test_an_unknown_template_is_an_error(tmp_path: Path) -> None:
    """Also one that names a file elsewhere."""
    for name in ("nothing", "../mail", ""):
        with pytest.raises(MailTemplateError, match="there is no template"):
            Templates().render(name, {})


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 10**9 }}",
        "{{ '%1000000000s' % 'x' }}",
        "{% for a in range(99999) %}x{% endfor %}",
        "{{ 'x'|center(1000000000) }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ ('x' ~ 'y').ljust(500000000)|length }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ 'aaaaaaaaaa'.replace('a', 'b') }}",
        "{% include '/etc/passwd' %}",
    ],
)
def test_a_template_can_neither_escape_nor_fill_the_memory(source: str, tmp_path: Path) -> None:
    """Whoever may edit words may not take the service down."""
    for kind in ("subject", "txt", "html"):
        (tmp_path / f"bad.{kind}.j2").write_text(source)
    with pytest.raises(MailTemplateError):
        Templates(tmp_path).render("bad", {})


def test_a_template_that_says_too_much_is_refused(tmp_path: Path) -> None:
    """Gmail cuts a mail at 102 KB, the unsubscribe link first."""
    for kind in ("subject", "txt", "html"):
        (tmp_path / f"long.{kind}.j2").write_text("x" * (LONGEST_MAIL + 1) if kind == "html" else "x")
    with pytest.raises(MailTemplateError, match="longer than"):
        Templates(tmp_path).render("long", {})


def test_style_sheets_are_not_read_from_disk_or_net(tmp_path: Path) -> None:
    """css-inline by itself puts any file of this machine into the mail."""
    secret = tmp_path / "secret.css"
    secret.write_text("p { color: #123456 }")
    (tmp_path / "x.subject.j2").write_text("x")
    (tmp_path / "x.txt.j2").write_text("x")
    (tmp_path / "x.html.j2").write_text(f'<link rel="stylesheet" href="{secret}"><p>x</p>')
    assert "123456" not in Templates(tmp_path).render("x", {}).html


def test_dark_mode_and_narrow_screens_survive_inlining(tmp_path: Path) -> None:
    """What cannot be inlined must stay in the head."""
    page = texts(tmp_path, trigger()).html
    assert "prefers-color-scheme: dark" in page
    assert "max-width: 480px" in page
    assert '<meta name="color-scheme" content="light dark">' in page


@pytest.mark.parametrize("case", CASES)
def test_every_picture_says_what_it_shows_and_every_link_is_in_the_text(case: str, tmp_path: Path) -> None:
    """Pictures may be blocked, and some people read the text."""
    written = texts(tmp_path, *CASES[case])
    assert re.findall(r"<img(?![^>]*alt=\"[^\"]+\")", written.html) == []
    links = {unescape(link) for link in re.findall(r'href="(https[^"]+)"', written.html)}
    for link in links - {marked(SHOP.url, CASES[case][0])}:
        assert link in written.text


@pytest.mark.parametrize("case", CASES)
def test_every_link_to_the_shop_says_which_campaign_version_and_step_it_came_from(case: str, tmp_path: Path) -> None:
    """For the shop's statistics and for our own; the way out of the list is nobody's conversion."""
    of, to = CASES[case]
    page = texts(tmp_path, of, to).html
    links = {unescape(link) for link in re.findall(r'href="(https[^"]+)"', page)} - {UNSUBSCRIBE}
    assert links
    for link in links:
        said = parse_qs(urlsplit(link).query)
        assert said["utm_campaign"] == said["tm_campaign"] == [of.campaign]
        assert said["utm_id"] == said["tm_version"] == [of.version]
        assert (said["utm_content"], said["tm_step"]) == ([f"step-{of.step}"], [str(of.step)])
        assert of.user_id not in link


def test_a_link_says_which_variant_it_stood_in() -> None:
    """Only where there are any."""
    assert "tm_variant" not in marked(SHOP.url, trigger())
    assert "&tm_variant=short" in marked(SHOP.url, trigger(variant="short"))


@pytest.mark.parametrize(
    ("url", "begins", "ends"),
    [
        ("https://x.example/p", "https://x.example/p?utm_source=tidemark&", "7f00e1c2a5b94d0c8e1f6a2b3c4d5e6f"),
        ("https://x.example/p?a=1", "https://x.example/p?a=1&utm_source=", "5e6f"),
        ("https://x.example/p?", "https://x.example/p?utm_source=", "5e6f"),
        ("https://x.example/p?a=%20#size", "https://x.example/p?a=%20&utm_source=", "5e6f#size"),
        ("https://x.example/p?utm_source=own", "https://x.example/p?utm_source=own&utm_medium=", "5e6f"),
    ],
)
def test_marks_leave_an_address_as_it_was(url: str, begins: str, ends: str) -> None:
    """A page that reads its own query must still find it, and what the shop says of itself counts."""
    link = marked(url, trigger())
    assert link.startswith(begins)
    assert link.endswith(ends)
    assert link.count("utm_source") == 1


def test_templates_quote_attributes_and_keep_values_out_of_styles() -> None:
    """Escaping protects text and quoted attributes, nothing else."""
    for path in HERE.glob("*.html.j2"):
        source = path.read_text()
        assert not re.search(r"=\{\{", source), path.name
        assert "{{" not in "".join(re.findall(r"<style.*?</style>", source, re.DOTALL)), path.name
        assert not re.search(r"\bon\w+=", source), path.name
        assert "|safe" not in source, path.name


def test_contrast_is_enough_in_light_and_dark() -> None:
    """4.5 to 1 for text, also for the small print."""
    for ink, ground in (
        ("#37474d", "#ffffff"), ("#5f6f74", "#ffffff"), ("#5a686d", "#f2efe8"), ("#ffffff", "#0f5c63"),
        ("#c9d6d7", "#17242a"), ("#9db0b4", "#17242a"), ("#9db0b4", "#0e171b"), ("#0b2a2d", "#8ad8ce"),
    ):  # fmt: skip
        css = (HERE / "mail.css").read_text()
        assert ink in css
        assert ground in css
        assert _contrast(ink, ground) >= 4.5, (ink, ground)


@pytest.mark.parametrize(
    ("minor", "currency", "locale", "expected"),
    [
        (1390, "EUR", "en-IE", "€13.90"),
        (1390, "EUR", "de-DE", "13,90\u00a0€"),
        (123_456_789, "EUR", "de-DE", "1.234.567,89\u00a0€"),
        (123_456, "EUR", "fr-FR", "1\u202f234,56\u00a0€"),
        (123_456, "CHF", "de-CH", "CHF\u00a01’234.56"),
        (129_900, "USD", "en-US", "$1,299.00"),
        (129_900, "CAD", "en-CA", "$1,299.00"),
        (129_900, "CAD", "en-US", "CA$1,299.00"),
        (500, "JPY", "ja-JP", "¥500"),
        (12_345, "KWD", "en", "KWD\u00a012.345"),
        (5, "EUR", None, "€0.05"),
        (0, "EUR", "", "€0.00"),
        (-250, "GBP", "en-GB", "\u2212£2.50"),
        (19_900, "SEK", "sv-SE", "199,00\u00a0kr"),
        (199_00, "BRL", "pt_BR", "R$\u00a0199,00"),
        (1299, None, "en", "12.99"),
        (1299, "XYZ", "tlh", "XYZ\u00a012.99"),
    ],
)
def test_prices_read_as_at_home(minor: int, currency: str | None, locale: str | None, expected: str) -> None:
    """A price in the wrong clothes looks like a fraud."""
    assert format_price(minor, currency, locale) == expected


@pytest.mark.parametrize(
    "address",
    [
        None,
        "",
        "nobody",
        "a@b",
        "a@b.c d",
        "a@x.org, b@x.org",
        "A <a@x.org>",
        "a@x.org\r\nBcc: b@x.org",
        "a..b@x.org",
        "ä@x.org",
    ],
)
def test_an_address_is_one_plain_mailbox_or_none(address: str | None) -> None:
    """Nobody gets into the line of recipients by way of a profile."""
    assert recipient("u", {} if address is None else {"trait_email": address}).address is None


@pytest.mark.parametrize("name", ["", "  ", "x" * 80, "win at www.example", "a@b.org", "<b>"])
def test_what_is_no_name_is_not_greeted(name: str) -> None:
    """A name field is a favourite place for advertising."""
    assert recipient("u", {"trait_first_name": name}).first_name is None


def test_pictures_that_are_not_ours_stay_where_they_are(tmp_path: Path) -> None:
    """Only files of the shop's folder travel, by their plain name."""
    ours = pictures(tmp_path)
    for url in (
        "https://elsewhere.example/lt-03.png",
        SHOP.pictures_url + "../lt-03.png",
        SHOP.pictures_url + "no.png",
    ):
        assert ours.own(url) is None
    seen = contents(trigger(item(image_url="https://elsewhere.example/a.png")), ADA, SHOP, ours, UNSUBSCRIBE)
    assert seen.values["items"][0].picture == "https://elsewhere.example/a.png"
    assert seen.pictures == ()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]


def _read(page: str) -> _Reader:
    reader = _Reader()
    reader.feed(page)
    return reader


def _contrast(ink: str, ground: str) -> float:
    lighter, darker = sorted((_light(ink), _light(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _light(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
