"""`backtest`: the command over a file of history, from its lines to the summary with the table of waits."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.case import Benchmark, Case, Options
from benchmarks.program import arguments, told
from benchmarks.shop_input import Sent, usual_shop
from udfs.rehearsal_waits import WAITS


def cases(options: Options) -> list[Case]:
    events = options.events or 300_000
    program = ("benchmarks.backtest", "--events", "{events}")
    return [
        Case(
            "tidemark", "lines to summary", program, events, min(20_000, events // 4), options.cores or 1, check=check,
            note="`./tidemark backtest --processes 1 --json`: every line is read and checked, and the campaigns decide "
            f"{len(WAITS)} times, once for each wait of the table",
        )
    ]  # fmt: skip


@contextmanager
def ready(cases: list[Case]) -> Iterator[Mapping[str, str]]:
    """The lines of every size, written once."""
    for case in cases:
        for events in (case.start_up, case.events):
            if not (file := lines_of(events)).is_file():
                file.parent.mkdir(parents=True, exist_ok=True)
                part = file.with_suffix(".part")
                part.write_text("".join(json.dumps(call(sent)) + "\n" for sent in usual_shop(events)))
                part.rename(file)
    yield {}


BENCHMARK = Benchmark("backtest", "the command over a file of history, as a marketer runs it", 40_000, cases, ready)


def check(said: dict[str, Any], events: int, _: Mapping[str, str]) -> str:
    """Compares what was counted with the memory driver's outputs."""
    right = _right(events)
    got = {name: said.pop(name) for name in right}
    return "" if got == right else f"{got} instead of {right}"


@cache
def _right(events: int) -> dict[str, int]:
    from benchmarks.memory_driver import events_of
    from connectors.config_files import read_config
    from udfs.campaign_config import campaign_rule
    from udfs.memory_driver import drive
    from udfs.outputs import Decision, Trigger

    read = events_of(events)
    emitted = drive(campaign_rule(read_config(), 0, 0), read).emitted
    return {
        "events": len(read),
        "decisions": sum(isinstance(one, Decision) for one in emitted),
        "mails": sum(isinstance(one, Trigger) for one in emitted),
    }


def lines_of(events: int) -> Path:
    """The shop's events as calls in Segment's spec."""
    from benchmarks.runner import HOME

    return HOME / "data" / f"calls-{events}.jsonl"


def call(sent: Sent) -> dict[str, Any]:
    """What a collector heard before it became this record."""
    from connectors.wire import decode

    read = decode(sent.value)
    assert isinstance(read, tuple)
    record = read[1]
    context = record["context"]
    made = {
        "messageId": record["message_id"],
        "userId": record["user_id"],
        "timestamp": datetime.fromtimestamp(sent.at / 1000, UTC).isoformat(timespec="milliseconds"),
        "context": {
            "timezone": context["timezone"],
            "locale": context["locale"],
            "device": {"type": context["device"]},
            "location": {"country": context["country"]},
        },
    }
    if sent.topic == "profile-changes":
        traits = {"email": record["email"], "firstName": record["first_name"], "consent": record["consent"]}
        return {**made, "type": "identify", "traits": {**traits, **json.loads(record["traits"])}}
    properties = {name: record.get(name) for name in ("cart_id", "order_id", "currency")}
    if sent.topic == "purchase":
        properties |= {"total": record["total"] / 100, "products": [_product(one) for one in record["products"]]}
    else:
        properties |= _product(record["product"] if sent.topic == "clickstream" else record["products"][0])
    return {**made, "type": "track", "event": record["event"], "properties": properties}


def _product(product: Mapping[str, Any]) -> dict[str, Any]:
    return {**product, "price": product["price"] / 100}


def main() -> None:
    file = lines_of(arguments().events)
    began = time.perf_counter()
    words = [sys.executable, "-m", "cli", "backtest", "--events", str(file), "--processes", "1", "--json"]
    summary = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
    told(time.perf_counter() - began, **{name: summary[name] for name in ("events", "decisions", "mails")})


if __name__ == "__main__":
    main()
