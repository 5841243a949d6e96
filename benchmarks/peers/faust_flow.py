"""The shared job on Faust 0.15, in process and without Kafka: its tables, its hopping window, its path per event.

Faust closes windows by the wall clock and has no session windows, no event-time timers and no deduplication: windows
are read out of the table when the input has ended, and the other two are written by hand into plain tables. Writes to
the changelog are left out.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from types import SimpleNamespace
from typing import Any

import faust
from faust.events import Event
from faust.streams import _current_event
from faust.types.tuples import Message

from benchmarks.peers.engine_rows import GAP, SLIDE, WEIGHT, WINDOW, Rows, arguments, read

app = faust.App("bench", broker="kafka://127.0.0.1:9", store="memory://", topic_partitions=1)
scores = app.Table("scores", default=int, partitions=1).hopping(WINDOW / 1000, SLIDE / 1000, expires=None)
scores = scores.relative_to_stream()
seen = app.Table("seen", default=None, partitions=1)
sessions = app.Table("sessions", default=None, partitions=1)
sent = SimpleNamespace(message=SimpleNamespace(partition=0))
for table in (scores.table, seen, sessions):
    table.send_changelog = lambda *_, **__: sent


def handle(value: dict[str, Any]) -> None:
    if value["event_id"] in seen:
        return
    seen[value["event_id"]] = 1
    user, at, kind = value["user_id"], value["ts"], value["event_type"]
    scores[user] += WEIGHT[kind]
    mine = [at, at, 1, kind == "cart", kind == "purchase"]
    apart = []
    for session in sessions[user] if user in sessions else ():  # noqa: SIM401 - the table has a default of its own
        if session[0] - GAP <= mine[1] and mine[0] <= session[1] + GAP:
            mine = [
                min(mine[0], session[0]),
                max(mine[1], session[1]),
                mine[2] + session[2],
                mine[3] | session[3],
                mine[4] | session[4],
            ]
        else:
            apart.append(session)
    sessions[user] = [*apart, mine]


async def main() -> None:
    said = arguments()
    rows = Rows(said.rows)
    began = time.perf_counter()
    for value in read(said.lines, said.events):
        message = Message("events", 0, 0, value["ts"] / 1000, 0, None, value["user_id"], value, None, None)
        event = Event(app, value["user_id"], value, None, message)
        _current_event.set(weakref.ref(event))
        handle(value)
    for (user, span), total in scores.table.data.items():
        rows.windows.append((user, round(span[0]) * 1000, total))
    for user, theirs in sessions.data.items():
        rows.sessions += [(user, *session) for session in theirs]
    rows.done(time.perf_counter() - began)


if __name__ == "__main__":
    asyncio.run(main())
