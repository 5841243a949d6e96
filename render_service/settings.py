"""What the render service must be told: addresses, who the sender is, where pictures and mails lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from udfs.time import Millis, parse_length

ROOT = Path(__file__).resolve().parent.parent


class SettingError(ValueError):
    """A setting that is missing or cannot be understood; the message names the variable."""


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Shop:
    """The sender as the reader of a mail sees it; `url` is where links lead, `pictures_url` where pictures are ours."""

    name: str
    sender: str
    url: str
    pictures_url: str


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """Read from TIDEMARK_ variables by `from_environment`, which documents them."""

    kafka: str
    redis: str
    namespace: str
    smtp: Address
    listen: Address
    public_url: str
    shop: Shop
    pictures: Path
    campaigns: Path
    outbox: Path | None
    outbox_pages: Path | None
    unsubscribe_key: bytes | None
    heartbeats_ahead: Millis | None = None


def from_environment(environment: Mapping[str, str]) -> RenderSettings:
    """Read the settings; raises SettingError.

    TIDEMARK_KAFKA, _REDIS, _NAMESPACE as for the jobs; _READ_BACK 1 if the campaigns wait for heartbeats on `sends`,
    and _BOUND as for them; _SMTP host:port of the mail server; _RENDER host:port to listen on; _PUBLIC_URL what others
    call that address; _SHOP_NAME, _SHOP_SENDER, _SHOP_URL, _PICTURES_URL; _PICTURES a folder of PNG files; _CAMPAIGNS
    the folder of campaign files; _OUTBOX a mail catcher's folder of .eml files; _OUTBOX_PAGES where to keep them as
    pages; _UNSUBSCRIBE_KEY the secret that unsubscribe links are signed with.
    """
    listen = _address(environment, "RENDER", "127.0.0.1:8025")
    shop_url = _text(environment, "SHOP_URL", "https://lowtide.example").rstrip("/")
    return RenderSettings(
        kafka=_text(environment, "KAFKA", "127.0.0.1:9092"),
        redis=_text(environment, "REDIS", "redis://127.0.0.1:6379/0"),
        namespace=_text(environment, "NAMESPACE", ""),
        smtp=_address(environment, "SMTP", "127.0.0.1:1025"),
        listen=listen,
        public_url=_text(environment, "PUBLIC_URL", f"http://{listen.host}:{listen.port}").rstrip("/"),
        shop=Shop(
            name=_text(environment, "SHOP_NAME", "Low Tide Goods"),
            sender=_text(environment, "SHOP_SENDER", "hello@lowtide.example"),
            url=shop_url,
            pictures_url=_text(environment, "PICTURES_URL", f"{shop_url}/pictures/"),
        ),
        pictures=Path(_text(environment, "PICTURES", str(ROOT / "local_stack" / "shop" / "pictures"))),
        campaigns=Path(_text(environment, "CAMPAIGNS", str(ROOT / "config" / "campaigns"))),
        outbox=_folder(environment, "OUTBOX"),
        outbox_pages=_folder(environment, "OUTBOX_PAGES"),
        unsubscribe_key=environment.get("TIDEMARK_UNSUBSCRIBE_KEY", "").encode() or None,
        heartbeats_ahead=_ahead(environment),
    )


def _ahead(environment: Mapping[str, str]) -> Millis | None:
    """How far heartbeats run ahead of the tide: the readers' bound, which they take off again; None if none are due."""
    bound, read_back = _text(environment, "BOUND", "5s"), _text(environment, "READ_BACK", "0")
    try:
        return parse_length(bound) - 1 if read_back == "1" else None
    except ValueError as wrong:
        raise SettingError(f"TIDEMARK_BOUND: {wrong}") from None


def _text(environment: Mapping[str, str], name: str, default: str) -> str:
    return environment.get(f"TIDEMARK_{name}") or default


def _folder(environment: Mapping[str, str], name: str) -> Path | None:
    said = environment.get(f"TIDEMARK_{name}")
    return Path(said) if said else None


def _address(environment: Mapping[str, str], name: str, default: str) -> Address:
    host, _, port = _text(environment, name, default).rpartition(":")
    if not host or not port.isdigit():
        raise SettingError(f"TIDEMARK_{name} must be host:port, as in {default}")
    return Address(host, int(port))
