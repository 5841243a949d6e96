"""What another wait would have done: the same campaigns with another `signal.wait`, and mails that crossed an order."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from udfs.decisions import SEND
from udfs.events import Event, Kind
from udfs.outputs import Decision
from udfs.time import HOUR, MINUTE, Millis, format_length, parse_length

WAITS: tuple[Millis, ...] = (5 * MINUTE, 10 * MINUTE, 30 * MINUTE, 60 * MINUTE, 240 * MINUTE)
CROSSED: Millis = (
    4 * HOUR
)  # the longest of them: an order so soon after a mail was on its way already, or may have been
CART_ABANDONED = "cart_abandoned"
ORDER_COMPLETED = "Order Completed"
CAMPAIGNS = "campaigns/"


@dataclass(frozen=True, slots=True)
class WaitRow:
    """One campaign under one wait: carts abandoned, first mails, and those that an order overtook."""

    campaign: str
    wait: Millis
    abandoned: int
    mails: int
    overtaken: int


def with_wait(files: Mapping[str, bytes], wait: Millis) -> dict[str, bytes]:
    """The configuration with every campaign about carts waiting so long; `latest` follows where it must."""
    return {
        path: _waiting(content, wait) if _about_carts(path, content) else content for path, content in files.items()
    }


def about_carts(files: Mapping[str, bytes]) -> frozenset[str]:
    """The names of the campaigns that wait beside a cart."""
    found = (
        tomllib.loads(content.decode()).get("name") for path, content in files.items() if _about_carts(path, content)
    )
    return frozenset(str(name) for name in found)


def own_waits(files: Mapping[str, bytes]) -> set[Millis]:
    """The waits that the campaigns about carts have already."""
    about = (tomllib.loads(content.decode()) for path, content in files.items() if _about_carts(path, content))
    return {parse_length(campaign["signal"].get("wait", "10min")) for campaign in about}


def rows(
    decisions: Iterable[Decision], campaigns: Collection[str], orders: Mapping[str, Sequence[Millis]], wait: Millis
) -> list[WaitRow]:
    """Count the first steps of `campaigns`; `orders` are the times of everybody's completed orders."""
    abandoned: Counter[str] = Counter()
    mails: Counter[str] = Counter()
    overtaken: Counter[str] = Counter()
    for told in decisions:
        if told.step != 1 or told.campaign not in campaigns:
            continue
        abandoned[told.campaign] += told.follows is None
        if told.outcome == SEND:
            mails[told.campaign] += 1
            crossed = any(told.at < order <= told.at + CROSSED for order in orders.get(told.user_id, ()))
            overtaken[told.campaign] += crossed
    return [WaitRow(name, wait, number, mails[name], overtaken[name]) for name, number in sorted(abandoned.items())]


def added(tables: Iterable[Sequence[WaitRow]]) -> list[WaitRow]:
    """The tables of several groups of people as one."""
    total: dict[tuple[str, Millis], list[int]] = {}
    for row in (row for table in tables for row in table):
        sums = total.setdefault((row.campaign, row.wait), [0, 0, 0])
        for index, number in enumerate((row.abandoned, row.mails, row.overtaken)):
            sums[index] += number
    return [WaitRow(*key, *sums) for key, sums in sorted(total.items())]


def with_carts(events: Sequence[Event]) -> list[Event]:
    """The events of those who ever touched a cart: nobody else can abandon one."""
    people = {event.user for event in events if event.kind is Kind.CART}
    return [event for event in events if event.user in people]


def orders_of(events: Iterable[Event]) -> dict[str, list[Millis]]:
    orders: dict[str, list[Millis]] = {}
    for event in events:
        if event.name == ORDER_COMPLETED:
            orders.setdefault(event.user, []).append(event.at)
    return orders


def _about_carts(path: str, content: bytes) -> bool:
    if not path.startswith(CAMPAIGNS):
        return False
    signal = tomllib.loads(content.decode()).get("signal")
    return isinstance(signal, dict) and signal.get("type") == CART_ABANDONED


def _waiting(content: bytes, wait: Millis) -> bytes:
    """The text with other lengths in its table [signal]; keys that it does not name are written under its header."""
    text = content.decode()
    signal = tomllib.loads(text)["signal"]
    wanted = {"wait": wait}
    if parse_length(signal.get("latest", "4h")) < wait:
        wanted["latest"] = wait
    begin = re.search(r"^\s*\[\s*signal\s*\][^\n]*\n", text, re.MULTILINE)
    if begin is None:  # written as signal.wait = ... or signal = {...}: not a shape that we rewrite
        return content
    end = re.search(r"^\s*\[", text[begin.end() :], re.MULTILINE)
    stop = begin.end() + end.start() if end else len(text)
    body = text[begin.end() : stop]
    for key, length in wanted.items():
        body = re.sub(rf"^\s*{key}\s*=[^\n]*\n?", "", body, flags=re.MULTILINE)
        body = f'{key} = "{format_length(length)}"\n{body}'
    return (text[: begin.end()] + body + text[stop:]).encode()
