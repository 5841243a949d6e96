"""What was published, from lines that `./tidemark read campaigns --json` has printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from connectors.coordinates import pack
from connectors.news_records import read_news
from connectors.wire import encode
from udfs.events import Kind
from udfs.news import News


class LineError(ValueError):
    """A line that is none of those; the message says which and why."""


class _Line(msgspec.Struct):
    offset: int
    timestamp: int
    value: dict[str, Any]


def read_lines(lines: Iterable[bytes]) -> Iterator[News]:
    """The news in their order; a record that the job refused for what it is, as its dead letter says, is left out."""
    decode = msgspec.json.Decoder(_Line).decode
    for number, line in enumerate(lines, 1):
        if not line.strip() or b'"rejected"' in line.partition(b'"value"')[0]:
            continue
        try:
            told = decode(line)
            record = told.value | {"content": None if told.value["content"] is None else told.value["content"].encode()}
            value = encode("campaigns", record)
        except (msgspec.MsgspecError, KeyError, TypeError, AttributeError, ValueError) as wrong:
            raise LineError(f"line {number} is not of `./tidemark read campaigns --json`: {wrong!r}") from wrong
        place = pack(Kind.CAMPAIGN, 0, told.offset)
        news = read_news(Kind.CAMPAIGN, record["name"].encode(), value, told.timestamp, told.timestamp, place)
        if isinstance(news, News):
            yield news
