"""Links of a mail, marked so that a visit can be counted to the campaign, version and step that it came from."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from udfs.outputs import Trigger

SOURCE = "tidemark"


def marks(trigger: Trigger) -> dict[str, str]:
    """What a link says of its mail: five names that shop statistics know, four of our own. Nothing of the person.

    `tm_trigger` is the message's id, as it stands in `triggers`, `sends` and `email-events`.
    """
    told = {
        "utm_source": SOURCE,
        "utm_medium": trigger.channel,
        "utm_campaign": trigger.campaign,
        "utm_id": trigger.version,
        "utm_content": f"step-{trigger.step}",
        "tm_campaign": trigger.campaign,
        "tm_version": trigger.version,
        "tm_step": str(trigger.step),
        "tm_trigger": trigger.trigger_id,
    }
    return told | ({"tm_variant": trigger.variant} if trigger.variant else {})


def marked(url: str, trigger: Trigger) -> str:
    """The same address with the marks in its query; what the shop has put there itself stays as it is."""
    before, hash_sign, fragment = url.partition("#")
    taken = {name for name, _ in parse_qsl(urlsplit(before).query, keep_blank_values=True)}
    added = urlencode({name: said for name, said in marks(trigger).items() if name not in taken})
    joint = "" if before.endswith(("?", "&")) else "&" if "?" in before else "?"
    return f"{before}{joint}{added}{hash_sign}{fragment}"
